import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post, simplePage } from '../support/index-clients.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'

describe('an upload that is refused', () => {
  const wheel = aWheel({ name: 'Acme.Forms', version: '1.0', requiresPython: '>=3.8' })
  const fields = { name: 'Acme.Forms', version: '1.0' }
  let server: RunningWheelhouse
  beforeAll(async () => {
    server = await startWheelhouse()
    expect((await post(server, wheel, fields)).status).toBe(200)
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(server.url + path, {
      method,
      redirect: 'manual',
      headers: { authorization: `Bearer ${server.token}`, ...headers },
    })

  const other = aWheel({ name: 'other', version: '1.0', requiresPython: '>=3.9', requires: ['x>1'] })
  const of = { name: 'other', version: '1.0' }
  it.each([
    [{ ...of, name: '-' }, 400, '"-" is no valid project name'],
    [{ ...of, version: 'one' }, 400, '"one" is no valid version. Write it as PEP 440 has it'],
    [{ ...of, version: '1.1' }, 400, 'has the version 1.0, but the form says 1.1'],
    [{ ...of, name: 'another' }, 400, 'is of the project "other", but the form says "another"'],
    [{ ...of, filetype: 'egg' }, 400, 'Send "bdist_wheel" for a wheel and "sdist"'],
    [{ ...of, ':action': 'submit' }, 400, 'Projects need no registration'],
    [{ ...of, sha256_digest: 'a'.repeat(64) }, 400, 'The file was changed or cut on the way'],
    [{ ...of, sha256_digest: undefined }, 400, 'The form has no digest of the file'],
    [{ ...of, sha256_digest: other.sha256.toUpperCase(), md5_digest: 'abc' }, 400, 'The md5_digest "abc" is no 32'],
    [{ ...of, pyversion: undefined }, 400, 'The form\'s pyversion is "" for a bdist_wheel'],
    [{ ...of, metadata_version: '9.9' }, 400, 'The form\'s metadata_version is "9.9"'],
    [{ ...of, protocol_version: '2' }, 400, 'Unknown protocol version "2"'],
    [{ ...of, requires_python: '>=3.12' }, 400, 'requires_python is ">=3.12", but the metadata inside'],
    [{ ...of, requires_dist: 'y' }, 400, 'requires_dist is "y", but the metadata inside'],
  ])('refuses the upload %j with %i: %s', async (sent, status, sentence) => {
    const answer = await post(server, other, sent, { accept: 'application/json' })
    const body = (await answer.json()) as { code: string; message: string }
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(body.code).toBe(`${status} ${body.message}`)
    expect(body.message).toContain(sentence)
    expect(answer.statusText).toContain(sentence)
    expect(await (await post(server, other, sent)).text()).toContain(sentence)
    expect(await simplePage(server, 'other')).toBe(404)
  })

  it.each([
    ['a name sent as a file', 'application/octet-stream', 'name', '[form-field-is-file]'],
    ['an image', 'image/png', 'comment', '[form-content-type]'],
    ['an old signature beside it', 'application/octet-stream', 'gpg_signature', 'Accepted: '],
  ])('has an answer to %s', async (_what, type, part, sentence) => {
    const signed = aWheel({ name: 'signed', version: '1.0' })
    const form = new FormData()
    const fields = {
      name: 'signed',
      version: '1.0',
      filetype: 'bdist_wheel',
      pyversion: 'py3',
      sha256_digest: signed.sha256,
    }
    for (const [name, value] of Object.entries({ ':action': 'file_upload', ...fields })) form.append(name, value)
    if (part === 'comment') form.append(part, 'no file')
    else form.append(part, new Blob(['x']), 'x.asc')
    form.append('content', new Blob([Uint8Array.from(signed.bytes)], { type }), signed.filename)
    const headers = { authorization: `Bearer ${server.token}` }
    const answer = await fetch(`${server.url}/legacy/`, { method: 'POST', body: form, headers })
    expect(await answer.text()).toContain(sentence)
  })

  it('refuses what is no archive, and what is no form', async () => {
    const junk = { ...other, bytes: Buffer.from('not a wheel') }
    const answer = await post(server, junk, { ...of, sha256_digest: undefined, md5_digest: '0'.repeat(32) })
    expect(await answer.text()).toContain('md5_digest')
    const sent = await get('/legacy/', { 'content-type': 'text/plain', 'content-length': '0' }, 'POST')
    expect([sent.status, await sent.text()]).toEqual([
      400,
      expect.stringMatching(/^The body is no multipart form\. Upload with twine, uv, .* \[form-not-multipart]\n$/),
    ])
    expect(await simplePage(server, 'other')).toBe(404)
  })

  it.each(['/simple', '/simple/', '/simple/acme-forms/', '/channels/production/simple/'])(
    'names the right URL to who uploads to %s, with a token or without',
    async (path) => {
      for (const headers of [{}, { authorization: 'Bearer nonsense' }]) {
        const answer = await get(path, headers, 'POST')
        expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
        expect(answer.statusText).toContain('/legacy/')
        expect(await answer.text()).toMatch(/POST to http:\/\/127\.0\.0\.1:\d+\/legacy\/ /)
      }
    },
  )
})

describe('the switches of the upload', () => {
  it('let local versions and the tags of a build machine in, or not', async () => {
    const local = aWheel({ name: 'app', version: '1.0+build7' })
    const linux = aWheel({ name: 'app', version: '2.0', tags: ['cp311-cp311-linux_x86_64'] })
    const evil = aWheel({ name: 'app', version: '3.0', tags: ['py3-none-amiga'] })
    const statuses = async (server: RunningWheelhouse) => [
      await post(server, local, { name: 'app', version: '1.0+build7' }),
      await post(server, linux, { name: 'app', version: '2.0' }),
      await post(server, evil, { name: 'app', version: '3.0' }),
    ]
    await using open = await startWheelhouse()
    expect((await statuses(open)).map((answer) => answer.status)).toEqual([200, 200, 400])
    await using strict = await startWheelhouse({
      environment: { WHEELHOUSE_ALLOW_LOCAL_VERSIONS: 'false', WHEELHOUSE_ALLOW_LINUX_TAGS: 'no' },
    })
    const texts = await Promise.all((await statuses(strict)).map((answer) => answer.text()))
    expect(texts).toEqual([
      expect.stringContaining('[policy-local-version]'),
      expect.stringContaining('[policy-platform-local]'),
      expect.stringContaining('[filename-platform-unknown]'),
    ])
  })
})
