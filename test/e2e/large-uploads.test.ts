import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, embedded, scaled } from '../support/deployments.ts'
import { clientsIn, simplePage } from '../support/index-clients.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { writeBigWheel } from '../support/wheels.ts'

const megabyte = 1_000_000

describe.each([
  ['embedded', embedded],
  ['on versitygw', scaled],
] as const)('a 300 MB wheel, %s', (_name, deploy) => {
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

  it('is taken in little memory, while pages go on answering', async () => {
    const path = join(home.path, 'big-1.0-py3-none-any.whl')
    await writeBigWheel(path, { name: 'big', version: '1.0', megabytes: 300 })
    const uploaded = clientsIn(home.path).twine('twine', servers.here, [path])
    let done = false
    void uploaded.finally(() => {
      done = true
    })
    let pages = 0
    while (!done) {
      expect(await simplePage(servers.here, 'nothing')).toBe(404)
      pages++
    }
    const { code, stdout, stderr } = await uploaded
    expect(code, stdout + stderr).toBe(0)
    expect(pages).toBeGreaterThan(10)
    expect(await simplePage(servers.there, 'big')).toMatchObject({ files: [{ size: statSync(path).size }] })
    expect(peakMemory(servers.here.pid)).toBeLessThan(250 * megabyte)
  }, 240_000)
})

describe('the threads that check uploads', () => {
  it('let those go first that answer pages', async () => {
    await using servers = await embedded()
    const folder = `/proc/${servers.here.pid}/task`
    // proc_pid_stat(5): the 19th field, of which two stand before the bracket.
    const niceOf = (id: string) => readFileSync(`${folder}/${id}/stat`, 'utf8').split(') ')[1]?.split(' ')[16]
    const yielding = () => readdirSync(folder).filter((id) => niceOf(id) === '15')
    await expect.poll(yielding, { timeout: 10_000 }).toHaveLength(2)
  })
})

describe('a 500 MB upload with a wrong token', () => {
  it('is refused so that twine shows the 401 and its reason, 20 times of 20', async () => {
    await using servers = await embedded()
    await using home = await temporaryFolder('client')
    const path = join(home.path, 'big-1.0-py3-none-any.whl')
    await writeBigWheel(path, { name: 'big', version: '1.0', megabytes: 500 })
    const clients = clientsIn(home.path)
    const told: string[] = []
    for (let n = 0; n < 20; n++) {
      const { code, stdout, stderr } = await clients.twine('twine', servers.here, [path], 'whl_wrong')
      const text = (stdout + stderr).replace(/\s+/g, ' ')
      told.push(`${code !== 0} ${text.includes('401 Unauthorized')} ${text.includes('The token is not valid')}`)
    }
    expect(told).toEqual(Array.from({ length: 20 }, () => 'true true true'))
    expect(await simplePage(servers.here, 'big')).toBe(404)
  }, 300_000)
})
