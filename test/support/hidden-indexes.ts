import dns, { type LookupOneOptions } from 'node:dns'
import { type Gate, openGate } from './gate.ts'
import { type PackageIndex, startPackageIndex } from './package-index.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { startTlsFront } from './tls-front.ts'
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
  /** What has installers trust it by https. */
  readonly trusting: Readonly<Record<string, string>>
}

export async function startHiddenIndexes(archives: readonly BuiltArchive[]): Promise<HiddenIndexes> {
  const forget = resolveHere()
  const folder = await temporaryFolder('hidden')
  const index = await startPackageIndex(archives)
  const port = Number(new URL(index.url).port)
  const gate = await openGate(port)
  const front = await startTlsFront(folder.path, secureName, port)
  return {
    ...{ index, gate, trusting: front.trusting },
    plain: `http://${plainName}:${new URL(gate.url).port}`,
    secure: front.url,
    [Symbol.asyncDispose]: async () => {
      forget()
      await front[Symbol.asyncDispose]()
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
