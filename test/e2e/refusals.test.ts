import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { clientsIn, post, simplePage } from '../support/index-clients.ts'
import type { MalformedCase } from '../support/malformed/malformed-case.ts'
import { malformedCases } from '../support/malformed/malformed-cases.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'

/** One archive for each reason. */
const oneEach = [...new Map(malformedCases.map((one) => [one.code, one])).values()]

describe('a malformed archive', () => {
  let server: RunningWheelhouse
  beforeAll(async () => {
    server = await startWheelhouse()
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
  })

  it.each(oneEach)('is refused in all three places and leaves nothing: $code', async (malformed) => {
    const json = await upload(server, malformed, { accept: 'application/json' })
    const body = (await json.json()) as { code: string; error: string; message: string; details: { refusal: string } }
    expect(json.status, body.message).toBe(400)
    expect(json.statusText).toContain(`[${malformed.code}]`)
    expect(body.code).toBe(`400 ${body.message}`)
    expect(body).toMatchObject({ error: 'invalid-upload', details: { refusal: malformed.code } })
    const plain = await upload(server, malformed, {})
    expect(await plain.text()).toBe(`${body.message}\n`)
    expect(await simplePage(server, projectOf(malformed))).toBe(404)
  })

  it('is refused so that twine and uv show the id of the reason', async () => {
    await using home = await temporaryFolder('client')
    const changed = malformedCases.find(({ code }) => code === 'record-hash-differs')
    const wheel = { filename: changed?.filename ?? '', bytes: changed?.bytes() ?? Buffer.alloc(0) }
    const clients = clientsIn(home.path)
    const told = [await clients.twine('twine', server, [wheel]), await clients.uvPublish(server, [wheel])]
    for (const { code, stdout, stderr } of told) {
      expect(code).not.toBe(0)
      expect(stdout + stderr).toContain('[record-hash-differs]')
    }
  })

  it('has cost the server little memory, bombs and all', () => {
    expect(peakMemory(server.pid)).toBeLessThan(400_000_000)
  })
})

function projectOf({ filename }: MalformedCase): string {
  return filename.split('-')[0] ?? ''
}

async function upload(server: RunningWheelhouse, malformed: MalformedCase, headers: Record<string, string>) {
  const { filename } = malformed
  const bytes = malformed.bytes()
  const version = filename.replace(/\.(?:tar\.gz|zip|whl)$/, '').split('-')[1]
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return await post(server, { filename, bytes, sha256 }, { name: projectOf(malformed), version }, headers)
}
