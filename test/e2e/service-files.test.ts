import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { askService } from '../support/ask-service.ts'
import { demoApp, greetingWheel } from '../support/demo-app.ts'
import { type Fleet, startFleet } from '../support/fleet.ts'
import { post } from '../support/index-clients.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'

interface ServiceJson {
  readonly channel: string
  readonly running?: string
  readonly recent: readonly { readonly deploy: string; readonly version: string; readonly phase: string }[]
}

interface DeployJson {
  readonly nodes: readonly { readonly state: string }[]
  readonly plan: string
}

describe("a team's file of services, with a fleet from an inventory, that follows uploads", () => {
  let home: TemporaryFolder
  let fleet: Fleet
  let server: RunningWheelhouse
  beforeAll(async () => {
    home = await temporaryFolder('service-files')
    fleet = await startFleet(home.path, [{}, {}])
    mkdirSync(join(home.path, 'services.d'))
    const settings = {
      ssh: { user: fleet.members[0]?.node.user, key: fleet.keyPath, known_hosts: fleet.knownHosts },
      worker: { lease_seconds: 2, look_seconds: 0.2 },
      services_folder: 'services.d',
    }
    writeFileSync(join(home.path, 'wheelhouse.yaml'), stringify(settings))
    writeInventory(fleet.members)
    server = await startWheelhouse({ folder: home.path })
  }, 60_000)
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await fleet?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  function writeInventory(members: Fleet['members']): void {
    const hosts = members.map(({ name, node, service }) => {
      const reach = { ansible_host: node.host, ansible_port: node.port, ansible_user: node.user }
      return [name, { ...reach, folder: service.root.slice(1), http: service.port }]
    })
    const groups = { web: { hosts: members.map(({ name }) => name) }, _meta: { hostvars: Object.fromEntries(hosts) } }
    writeFileSync(join(home.path, 'inventory.json'), JSON.stringify(groups))
  }

  /** The team writes its file, and the operator sends the signal. */
  function configure(changes: object = {}): void {
    const held = 'while [ -e {root}/held ]; do sleep 0.05; done; {root}/restart-app.sh'
    const web = {
      project: 'app',
      subscribe: { upload: { settle_seconds: 0.5 } },
      fleet: { inventory: { command: ['cat', join(home.path, 'inventory.json')], group: 'web' } },
      root: '/{folder}',
      restart: { command: ['sh', '-c', held] },
      verify: { url: 'http://127.0.0.1:{http}/version', interval_seconds: 0.1, timeout_seconds: 5 },
      rollout: { soak_seconds: 0.2 },
      ...changes,
    }
    writeFileSync(join(home.path, 'services.d', 'shop.yaml'), stringify({ web }))
    process.kill(server.pid, 'SIGHUP')
  }

  async function get<T>(path: string, token = server.token): Promise<T> {
    const headers = { accept: 'application/json', ...(token === '' ? {} : { authorization: `Bearer ${token}` }) }
    return (await (await fetch(`${server.url}${path}`, { headers })).json()) as T
  }
  const service = () => get<ServiceJson>('/services/web')
  const versions = () =>
    Promise.all(fleet.members.map(async ({ service: { url } }) => (await askService(url))?.version))
  const comesAbout = (condition: () => Promise<boolean>) =>
    until(async () => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      return await condition()
    }, 40)
  async function upload(version: string, greeting?: string): Promise<void> {
    const { status } = await post(server, demoApp({ version, ...(greeting && { greeting }) }), { name: 'app', version })
    expect(status).toBe(200)
  }
  const ended = async (deploy: string) => (await service()).recent?.find((one) => one.deploy === deploy)?.phase

  it('is not taken up with a mistake, which is told to those who may read; the server goes on', async () => {
    configure({ rollout: { max_failures: 'many' } })
    const mistake = 'services.d/shop.yaml: web.rollout.max_failures: expected a number of nodes'
    await comesAbout(async () => server.output().includes('The configuration was not taken up'))
    expect(server.output()).toContain(mistake)
    expect(await get('/readyz')).toMatchObject({ ready: true, configuration: [expect.stringContaining(mistake)] })
    expect(await get('/readyz', '')).toMatchObject({ ready: true, configuration: '1 mistake' })
    expect(await get('/services')).toEqual({ services: [] })
  }, 60_000)

  it('is taken up at the signal, and what was uploaded before is deployed to the nodes of the inventory', async () => {
    // With a dependency that is hosted here: nodes read it by the channel that uploads move.
    await post(server, greetingWheel('1.0'), { name: 'greeting', version: '1.0' })
    await upload('1.0.0', '==1.0')
    const mark = join(fleet.members[0]?.service.root ?? '', 'held')
    writeFileSync(mark, '')
    writeInventory(fleet.members.slice(0, 1))
    configure()
    await comesAbout(async () => (await get<DeployJson>('/deploys/web.upload.1')).nodes?.[0]?.state === 'activating')
    // A node that joins while the deploy is on its way is brought to the release after the others.
    writeInventory(fleet.members)
    rmSync(mark)
    await comesAbout(async () => (await ended('web.upload.1')) === 'succeeded')
    const { plan, nodes } = await get<DeployJson>('/deploys/web.upload.1')
    expect(nodes).toMatchObject([{ state: 'updated' }, { name: 'web2', state: 'updated', joined: true, wave: 1 }])
    expect(plan).toMatch(/^1 node: one wave; .*; 1 joined while it ran$/)
    expect(await versions()).toEqual(['1.0.0', '1.0.0'])
    expect(await get('/readyz')).toEqual({ ready: true, store: 'ok' })
    expect(server.output()).toContain('services added: web')
  }, 60_000)

  it('may change while a deploy runs, which goes on as it was asked for', async () => {
    const marks = fleet.members.map(({ service: { root } }) => join(root, 'held'))
    for (const mark of marks) writeFileSync(mark, '')
    await upload('1.1.0')
    await comesAbout(async () => (await service()).running === 'web.upload.2')
    configure({ fleet: { inventory: { command: ['false'] } } })
    await comesAbout(async () => server.output().includes('changed: web'))
    for (const mark of marks) rmSync(mark)
    await comesAbout(async () => (await ended('web.upload.2')) !== undefined)
    expect([await ended('web.upload.2'), await versions()]).toEqual(['succeeded', ['1.1.0', '1.1.0']])
  }, 60_000)

  it('blocks a deploy whose inventory lost its nodes, and touches none', async () => {
    writeInventory([])
    configure()
    await upload('1.2.0')
    await comesAbout(async () => (await ended('web.upload.3')) === 'failed')
    const { reason } = await get<{ reason: string }>('/deploys/web.upload.3')
    expect(reason).toBe('The fleet has no nodes. A deploy to nobody would be no success.')
    expect(await versions()).toEqual(['1.1.0', '1.1.0'])
  }, 60_000)
})
