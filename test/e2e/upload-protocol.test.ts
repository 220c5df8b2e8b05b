import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simplePage } from '../support/index-clients.ts'
import { run } from '../support/run.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { useTool } from '../support/tools.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'
import { aWheel, type BuiltArchive, writeBigWheel } from '../support/wheels.ts'

const boundary = 'a-boundary'

function field(name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
}

function content({ filename, bytes }: BuiltArchive): Buffer {
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="content"; filename="${filename}"\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from('\r\n')])
}

function fieldsOf({ filename, sha256 }: BuiltArchive): string {
  const [name = '', version = ''] = filename.split('-')
  const all = {
    ':action': 'file_upload',
    name,
    version,
    filetype: 'bdist_wheel',
    pyversion: 'py3',
    sha256_digest: sha256,
  }
  return Object.entries(all)
    .map(([key, value]) => field(key, value))
    .join('')
}

describe('an upload as HTTP', () => {
  let server: RunningWheelhouse
  let home: TemporaryFolder
  beforeAll(async () => {
    server = await startWheelhouse()
    home = await temporaryFolder('client')
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  /** With a length, or in chunks without one. */
  async function send(parts: readonly (string | Buffer)[], chunked = false): Promise<[status: number, text: string]> {
    const body = parts.map((part) => Buffer.from(part))
    const headers = {
      authorization: `Bearer ${server.token}`,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      ...(chunked ? {} : { 'content-length': Buffer.concat(body).length }),
    }
    return await new Promise((resolve, reject) => {
      const sending = request(`${server.url}/legacy/`, { method: 'POST', headers }, (answer) => {
        let text = ''
        answer.on('data', (chunk: Buffer) => {
          text += chunk
        })
        answer.on('end', () => resolve([answer.statusCode ?? 0, text]))
      })
      sending.on('error', reject)
      for (const part of body) sending.write(part)
      sending.end()
    })
  }
  const end = `--${boundary}--\r\n`

  it('may come in chunks without a length', async () => {
    const wheel = aWheel({ name: 'chunked', version: '1.0' })
    expect(await send([fieldsOf(wheel), content(wheel), end], true)).toEqual([200, expect.stringContaining('Accepted')])
  })

  it('may have its fields after the file, or some of them', async () => {
    const wheel = aWheel({ name: 'turned', version: '1.0' })
    expect(await send([content(wheel), fieldsOf(wheel), end])).toEqual([200, expect.stringContaining('Accepted')])
    const split = aWheel({ name: 'split', version: '1.0' })
    const [first, ...rest] = fieldsOf(split).split(/(?=--a-boundary)/)
    expect(rest.length).toBeGreaterThan(3)
    for (let count = 0; count <= rest.length; count++) {
      const parts = [first ?? '', ...rest.slice(0, count), content(split), ...rest.slice(count), end]
      expect((await send(parts))[0]).toBe(200)
    }
    const other = aWheel({ name: 'other', version: '1.0' })
    const wrong = fieldsOf(other).replace('file_upload', 'submit')
    expect(await send([content(other), wrong, end])).toEqual([400, expect.stringContaining('form-action-unknown')])
    expect(await simplePage(server, 'other')).toBe(404)
  })

  it.each([
    ['fields without end', () => Array.from({ length: 3000 }, (_, n) => field(`f${n}`, 'x')), /form-too-many-parts/],
    ['a field of 9 MB', () => [field('description', 'x'.repeat(9_000_000))], /description/],
    ['no end at all', () => [field(':action', 'file_upload')], /.*/],
  ])('is refused with a sentence for %s, and the server goes on', async (_what, parts, reason) => {
    const [status, text] = await send([...parts(), _what === 'no end at all' ? '' : end])
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(text).toMatch(reason)
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  it('is not even sent where the client asks first and the token is wrong; and is taken where it is right', async () => {
    const path = join(home.path, 'big-1.0-py3-none-any.whl')
    const { sha256, filename } = await writeBigWheel(path, { name: 'big', version: '1.0', megabytes: 20 })
    const form = fieldsOf({ filename, sha256, bytes: Buffer.alloc(0) })
    const fields = [...form.matchAll(/name="([^"]+)"\r\n\r\n([^\r]*)/g)].flatMap(([, name, value]) => [
      '--form-string',
      `${name}=${value}`,
    ])
    const upload = async (token: string) => {
      const argv = [...useTool('curl'), '-sS', '-H', '@-', '-H', 'Expect: 100-continue', '--expect100-timeout', '30']
      const body = [...fields, '-F', `content=@${path}`, '-w', '\n%{http_code} %{size_upload}', `${server.url}/legacy/`]
      return (await run([...argv, ...body], { stdin: `Authorization: Bearer ${token}\n` })).stdout
    }
    expect(await upload('whl_wrong')).toMatch(/The token is not valid[\s\S]*\n401 0$/)
    expect(await upload(server.token)).toMatch(/Accepted[\s\S]*\n200 \d{8}$/)
  })
})
