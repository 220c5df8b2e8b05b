import { createReadStream } from 'node:fs'
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { BuiltArchive, BuiltFile } from '../support/wheels.ts'
import type { IndexServer } from './index-server.ts'

/** A form as twine sends it, made beforehand: what is measured is the server. */
export interface Form {
  readonly head: Buffer
  readonly tail: Buffer
  readonly length: number
  body(): Readable
}

const boundary = 'boundary-of-the-benchmarks'

export function formOf(archive: BuiltArchive, name: string, version: string): Form {
  return form(archive.filename, archive.sha256, name, version, archive.bytes.length, () =>
    Readable.from([archive.bytes]),
  )
}

export function fileForm(file: BuiltFile, size: number, name: string, version: string): Form {
  const read = () => createReadStream(file.path, { highWaterMark: 1024 * 1024 })
  return form(file.filename, file.sha256, name, version, size, read)
}

function form(
  filename: string,
  sha256: string,
  name: string,
  version: string,
  size: number,
  body: () => Readable,
): Form {
  const fields = {
    ':action': 'file_upload',
    protocol_version: '1',
    metadata_version: '2.1',
    name,
    version,
    filetype: 'bdist_wheel',
    pyversion: 'py3',
    sha256_digest: sha256,
  }
  const parts = Object.entries(fields).map(
    ([field, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
  )
  const content = `Content-Disposition: form-data; name="content"; filename="${filename}"`
  const head = Buffer.from(
    `${parts.join('')}--${boundary}\r\n${content}\r\nContent-Type: application/octet-stream\r\n\r\n`,
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  return { head, tail, length: head.length + size + tail.length, body }
}

export class Uploader implements Disposable {
  readonly #agent = new Agent({ keepAlive: true })

  /** Resolves when the server has accepted it; rejects with what it says otherwise. */
  async upload(server: IndexServer, what: Form): Promise<void> {
    const headers = {
      authorization: server.authorization,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': what.length,
    }
    const sending = request(server.uploadUrl, { method: 'POST', headers, agent: this.#agent })
    const answered = new Promise<void>((resolve, reject) => {
      sending.once('error', reject)
      sending.once('response', (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.once('error', reject)
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`${server.name}: ${answer.statusCode} ${Buffer.concat(chunks)}`))
        })
      })
    })
    await Promise.all([pipeline(whole(what), sending), answered])
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

async function* whole({ head, tail, body }: Form): AsyncGenerator<Buffer> {
  yield head
  yield* body()
  yield tail
}

/** Seconds. */
export async function timed(what: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await what()
  return (performance.now() - began) / 1000
}
