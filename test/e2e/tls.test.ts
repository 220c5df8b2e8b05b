import { readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { makeCertificate } from '../support/certificates.ts'
import { freePort } from '../support/free-port.ts'
import { clientsIn } from '../support/index-clients.ts'
import { startServer } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { useTool } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { wheelhouseScript } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

async function startTlsServer(folder: string, port: number) {
  await writeFile(join(folder, 'wheelhouse.yaml'), 'server: { tls: { certificate: server.crt, key: server.key } }\n')
  return await startServer({
    name: 'wheelhouse',
    argv: [process.execPath, wheelhouseScript, 'serve'],
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, PORT: String(port), WHEELHOUSE_ANONYMOUS_READ: 'true' },
    logFile: join(folder, 'log'),
    ready: async () => (await fingerprint(port)) !== undefined,
  })
}

/** Of the certificate that the server shows; `undefined` where nobody answers. */
function fingerprint(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asking = request({ port, path: '/healthz', rejectUnauthorized: false, agent: false }, (answer) => {
      resolve((answer.socket as TLSSocket).getPeerCertificate().fingerprint256)
      answer.resume()
    })
    asking.on('error', () => resolve(undefined))
    asking.end()
  })
}

describe('TLS by the server itself', () => {
  it('serves twine and pip, and takes a renewed certificate into use without a restart, but no broken one', async () => {
    await using folder = await temporaryFolder('tls')
    const { certificate, key } = await makeCertificate(folder.path)
    const port = await freePort()
    await using _server = await startTlsServer(folder.path, port)
    const { runOk, env } = clientsIn(folder.path)
    const wheel = aWheel({ name: 'app', version: '1.0' })
    const path = join(folder.path, wheel.filename)
    await writeFile(path, wheel.bytes)
    const url = `https://127.0.0.1:${port}`
    const upload = [...useTool('twine'), 'upload', '--cert', certificate, '--repository-url', `${url}/legacy/`, path]
    const token = (await readFile(join(folder.path, 'storage', 'admin-token'), 'utf8')).trim()
    await runOk(upload, { TWINE_USERNAME: '__token__', TWINE_PASSWORD: token })
    const install = ['install', '--cert', certificate, '--index-url', `${url}/simple/`, '--target', 'lib', 'app']
    expect((await runOk([...useTool('pipNew'), ...install], env)).stdout).toContain('Successfully installed app-1.0')

    const before = await fingerprint(port)
    await writeFile(key, 'no key')
    await until(() => readFileSync(join(folder.path, 'log'), 'utf8').includes('TLS cannot be served'))
    expect(await fingerprint(port)).toBe(before)
    await makeCertificate(folder.path)
    await until(async () => ![undefined, before].includes(await fingerprint(port)))
  }, 60_000)
})
