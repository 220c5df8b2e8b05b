import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { attestationOf } from '../support/attestation.ts'
import { type Deployment, deployments } from '../support/deployments.ts'
import { clientsIn, post } from '../support/index-clients.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { useTool } from '../support/tools.ts'
import { aWheel } from '../support/wheels.ts'

describe.each(deployments)('attestations, %s', (_name, deploy) => {
  const wheel = aWheel({ name: 'signed', version: '1.0' })
  let servers: Deployment
  let home: TemporaryFolder
  beforeAll(async () => {
    servers = await deploy()
    home = await temporaryFolder('client')
  })
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })
  const get = (url: string, accept: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(url, { headers: { authorization: `Bearer ${servers.there.token}`, accept, ...headers } })

  it('that uv sends along are kept as they came, and served as provenance by the URL that pages name', async () => {
    await mkdir(join(home.path, 'dist'))
    const beside = join(home.path, 'dist', `${wheel.filename}.publish.attestation`)
    await writeFile(beside, JSON.stringify(attestationOf(wheel)))
    await writeFile(join(home.path, 'dist', wheel.filename), wheel.bytes)
    // uv looks for attestations among the files that it is given.
    const argv = [...useTool('uv'), 'publish', '--publish-url', `${servers.here.url}/legacy/`, 'dist/*']
    await clientsIn(home.path).runOk(argv, { UV_PUBLISH_TOKEN: servers.here.token })
    const page = await get(`${servers.there.url}/simple/signed/`, 'application/vnd.pypi.simple.v1+json')
    const { files } = (await page.json()) as { files: { provenance: string }[] }
    const path = `/integrity/signed/1.0/${wheel.filename}/provenance`
    expect(files[0]?.provenance).toBe(servers.there.url + path)
    const html = await (await get(`${servers.there.url}/simple/signed/`, 'text/html')).text()
    expect(html).toContain(`data-provenance="${servers.there.url}${path}"`)
    const provenance = await get(servers.here.url + path, '*/*')
    expect(provenance.headers.get('content-type')).toBe('application/vnd.pypi.integrity.v1+json')
    const known = { 'if-none-match': provenance.headers.get('etag') ?? '' }
    expect((await get(servers.here.url + path, '*/*', known)).status).toBe(304)
    expect(await provenance.json()).toEqual({
      version: 1,
      attestation_bundles: [
        {
          publisher: { kind: 'Wheelhouse token', name: expect.any(String), claims: null },
          attestations: [attestationOf(wheel)],
        },
      ],
    })
  })

  it('are not named where none came', async () => {
    const plain = aWheel({ name: 'unsigned', version: '1.0' })
    expect((await post(servers.here, plain, { name: 'unsigned', version: '1.0' })).status).toBe(200)
    const page = await get(`${servers.there.url}/simple/unsigned/`, 'application/vnd.pypi.simple.v1+json')
    expect(await page.text()).not.toContain('provenance')
    const asked = await get(`${servers.there.url}/integrity/unsigned/1.0/${plain.filename}/provenance`, '*/*')
    expect([asked.status, await asked.text()]).toEqual([404, expect.stringContaining('nobody sent attestations')])
  })

  it.each([
    ['{"no": "list"}', 'attestations-malformed'],
    ['[', 'attestations-malformed'],
    [JSON.stringify([attestationOf(wheel)]), 'attestations-of-other-file'],
  ])('that are of no use are refused: %s', async (attestations, reason) => {
    const other = aWheel({ name: 'other', version: '1.0' })
    const answer = await post(servers.here, other, { name: 'other', version: '1.0', attestations })
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(`[${reason}]`)])
    expect((await get(`${servers.there.url}/simple/other/`, '*/*')).status).toBe(404)
  })
})
