import { runOk } from '../support/run.ts'
import type { BuiltFile } from '../support/wheels.ts'
import type { IndexServer } from './index-server.ts'

/** Uploads by a process of its own, which leaves this one free to watch the server's pages meanwhile. */
export async function uploadByCurl(server: IndexServer, file: BuiltFile, name: string, version: string): Promise<void> {
  const fields = {
    ':action': 'file_upload',
    protocol_version: '1',
    metadata_version: '2.1',
    name,
    version,
    filetype: 'bdist_wheel',
    pyversion: 'py3',
    sha256_digest: file.sha256,
  }
  const form = Object.entries(fields).flatMap(([field, value]) => ['--form-string', `${field}=${value}`])
  const content = `content=@${file.path};filename=${file.filename}`
  // Without a 100 Continue, which not everybody sends, curl would wait a second.
  const argv = [
    'curl',
    '-sS',
    '--fail-with-body',
    '-H',
    'Expect:',
    '-H',
    '@-',
    ...form,
    '-F',
    content,
    server.uploadUrl,
  ]
  await runOk(argv, { stdin: `Authorization: ${server.authorization}\n`, timeoutMs: 600_000 })
}

/** Downloads and drops the bytes; rejects on anything but their number. */
export async function downloadByCurl(url: string, authorization: string | undefined, size: number): Promise<void> {
  const argv = ['curl', '-sSf', '-o', '/dev/null', '-w', '%{size_download}', '-H', '@-', url]
  const { stdout } = await runOk(argv, { stdin: authorization ? `Authorization: ${authorization}\n` : '' })
  if (Number(stdout) !== size) throw new Error(`${url}: ${stdout} bytes, not ${size}`)
}
