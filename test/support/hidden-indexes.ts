import dns, { type LookupOneOptions } from 'node:dns'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { createServer } from 'node:tls'
import { makeCertificate } from './certificates.ts'
import { type Gate, openGate } from './gate.ts'
import { type PackageIndex, startPackageIndex } from './package-index.ts'
import { temporaryFolder } from './temporary-folder.ts'
import type { BuiltArchive } from './wheels.ts'

const plainName = 'index.out-of-reach.test'
const secureName = 'files.out-of-reach.test'

/** One index under two names that this process resolves, and no other: whoever asks it under them comes through this process. */
export interface HiddenIndexes extends AsyncDisposable {
  readonly index: PackageIndex
  /** The way to it by plain http. */
  readonly gate: Gate
  /** By http and by https, without a slash at the end. */
  readonly plain: string
  readonly secure: string
  /** Whom to trust for https. */
  readonly certificate: string
}

export async function startHiddenIndexes(archives: readonly BuiltArchive[]): Promise<HiddenIndexes> {
  const forget = resolveHere()
  const folder = await temporaryFolder('hidden')
  const index = await startPackageIndex(archives)
  const port = Number(new URL(index.url).port)
  const gate = await openGate(port)
  const { certificate, key } = await makeCertificate(folder.path, secureName)
  const tls = createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (socket) => {
    const inner = createConnection(port, '127.0.0.1')
    for (const one of [socket, inner]) one.on('error', () => undefined)
    socket.pipe(inner).pipe(socket)
  })
  tls.listen(0, '127.0.0.1')
  await once(tls, 'listening')
  const address = tls.address()
  if (address === null || typeof address === 'string') throw new Error('It listens on no port.')
  return {
    ...{ index, gate, certificate },
    plain: `http://${plainName}:${new URL(gate.url).port}`,
    secure: `https://${secureName}:${address.port}`,
    [Symbol.asyncDispose]: async () => {
      forget()
      tls.close()
      await gate[Symbol.asyncDispose]()
      await index[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function resolveHere(): () => void {
  const real = dns.lookup
  const lookup = (name: string, options: LookupOneOptions, done: (...found: unknown[]) => void) =>
    real(name === plainName || name === secureName ? '127.0.0.1' : name, options, done)
  dns.lookup = Object.assign(lookup, real) as typeof dns.lookup
  return () => {
    dns.lookup = real
  }
}
