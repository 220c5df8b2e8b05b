import { describe, expect, it } from 'vitest'
import { mistakesIn, service } from '../../support/service-mistakes.ts'

const at = (address: string, rest: object = {}) => ({ name: 'other', address, ...rest })

describe('a service in wheelhouse.yaml', () => {
  it('is content with what is right', async () => {
    expect(await mistakesIn({ web: service })).toBe('')
    expect(await mistakesIn({ web: { ...service, rollout: { max_unavailable: 2, all_at_once: true } } })).toBe('')
    const policy = { waves: [1, '50%'], canary: ['web2.example.com'], max_failures: '0%', on_failure: 'pause' }
    expect(await mistakesIn({ web: { ...service, rollout: { ...policy, max_unavailable: '50%' } } })).toBe('')
    expect(await mistakesIn({ web: service, jobs: { ...service, root: '/srv/jobs' } })).toBe('')
    expect(await mistakesIn({ web: { ...service, indexes: ['self', 'https://pypi.org/simple/'] } })).toBe('')
    const hosts = ['files.pythonhosted.org', 'mirror.example.com:8443', '[2001:db8::1]', '10.0.0.7:80']
    expect(await mistakesIn({ web: { ...service, index_access: 'ssh', index_hosts: hosts } })).toBe('')
  })

  it('may follow uploads in place of a channel', async () => {
    expect(await mistakesIn({ web: { ...service, subscribe: { upload: {} } } })).toBe('')
    const upload = { versions: '>=1.4, <2', prereleases: true, settle_seconds: 0 }
    expect(await mistakesIn({ web: { ...service, subscribe: { upload } } })).toBe('')
  })

  it('may take its fleet from an inventory, of which nothing is known before it is asked', async () => {
    const inventory = { command: ['inventory', '--list'], group: 'web', max_shrink: 2 }
    const rollout = { canary: ['web1'], max_unavailable: '50%' }
    expect(await mistakesIn({ web: { ...service, root: '/srv/{app}', fleet: { inventory }, rollout } })).toBe('')
    expect(await mistakesIn({ web: { ...service, fleet: { inventory: { file: 'hosts.json' } } } })).toBe('')
  })

  it.each<[string, object, string]>([
    [
      'nodes and an inventory at once',
      { fleet: { nodes: ['a'], inventory: { file: 'hosts.json' } } },
      'services.web.fleet: expected either nodes: [...] or inventory: {...}',
    ],
    [
      'an inventory from nowhere',
      { fleet: { inventory: { group: 'web' } } },
      'services.web.fleet.inventory: expected either command or file',
    ],
    [
      'a channel and uploads at once',
      { subscribe: { promote: 'production', upload: {} } },
      'services.web.subscribe: has promote and upload: a service follows either a channel or uploads',
    ],
    [
      'versions that are no specifiers',
      { subscribe: { upload: { versions: '1.x' } } },
      'services.web.subscribe.upload.versions: expected version specifiers as pip has them: >=1.4,<2',
    ],
    [
      'nodes that would never come back into the balancer',
      { drain: { command: ['drain', '{name}'] } },
      'services.web.undrain: is missing, and drain is there: nodes would leave the balancer and never come back',
    ],
    [
      'two nodes in one place',
      { fleet: { nodes: ['web1', at('web1')] } },
      'services.web.fleet.nodes.1: "other" is the place of web1 of web as well (web1 port 22, /srv/app)',
    ],
    [
      'two nodes in one place by placeholders',
      {
        root: '/srv/{where}',
        fleet: { nodes: ['a', 'b'].map((name) => at('web1', { name, vars: { where: 'app' } })) },
      },
      'services.web.fleet.nodes.1: "b" is the place of a of web as well',
    ],
    [
      'further hosts without a way to them',
      { index_hosts: ['pypi.org'] },
      'services.web.index_hosts: is for index_access: ssh',
    ],
    ...['https://pypi.org', 'pypi.org/simple', 'me@pypi.org', 'pypi.org:0x1', '-x', 'pypi.org:99999'].map(
      (host): [string, object, string] => [
        `${host} for a further host`,
        { index_access: 'ssh', index_hosts: [host] },
        'services.web.index_hosts.0: expected a host, or host:port',
      ],
    ),
    ['indexes without self', { indexes: ['https://pypi.org/simple/'] }, 'services.web.indexes: lack "self"'],
    [
      'an index on our host, on another port',
      { indexes: ['self', 'https://index.example.com:8443/simple/'] },
      'services.web.indexes.1: is on the host of this index (index.example.com): pip would send it the token',
    ],
    [
      'all nodes at once without a word',
      { rollout: { max_unavailable: 2 } },
      'services.web.rollout.max_unavailable: 2 of 2 nodes: all would be out of service at once. Say all_at_once: true',
    ],
    [
      'all nodes at once by a share',
      { rollout: { max_unavailable: '100%' } },
      'services.web.rollout.max_unavailable: 2 of 2 nodes: all would be out of service at once',
    ],
    ...[0, '0%', '101%', 1.5, '10', 'half', -1].map((wrong): [string, object, string] => [
      `max_unavailable ${wrong}`,
      { rollout: { max_unavailable: wrong } },
      'services.web.rollout.max_unavailable: expected a number of nodes, at least 1, or a share of them, 1% to 100%',
    ]),
    ...['max_failures', 'max_unreachable'].map((name): [string, object, string] => [
      name,
      { rollout: { [name]: '150%' } },
      `services.web.rollout.${name}: expected a number of nodes, at least 0, or a share of them, 0% to 100%`,
    ]),
    [
      'a wave that is no wave',
      { rollout: { waves: [1, '200%'] } },
      'services.web.rollout.waves.1: expected a number of nodes, at least 1',
    ],
    ['no wave', { rollout: { waves: [] } }, 'services.web.rollout.waves: expected at least one wave'],
    [
      'waves that shrink',
      { rollout: { waves: [2, '50%'] } },
      'services.web.rollout.waves.1: ends after 1 of 2 nodes, before the wave in front of it (2)',
    ],
    [
      'a soak between waves that are not there',
      { rollout: { wave_soak_seconds: 5 } },
      'services.web.rollout.wave_soak_seconds: is for waves or canary',
    ],
    [
      'a canary that is no node',
      { rollout: { canary: ['web1.example.com', 'web9'] } },
      'services.web.rollout.canary.1: there is no node "web9" in fleet.nodes',
    ],
    [
      'a canary twice',
      { rollout: { canary: ['web1.example.com', 'web1.example.com'] } },
      'services.web.rollout.canary.1: "web1.example.com" is there twice',
    ],
    ['another policy', { rollout: { on_failure: 'shrug' } }, 'services.web.rollout.on_failure: '],
    ['a root that leads upwards', { root: '/srv/../etc' }, 'services.web.root: must not lead upwards by ".."'],
    [
      'a root of a node that leads upwards',
      { fleet: { nodes: [at('web1', { root: '/srv/..' })] } },
      'services.web.fleet.nodes.0.root: must not lead upwards',
    ],
  ])('is refused by its path: %s', async (_name, changes, message) => {
    expect(await mistakesIn({ web: { ...service, ...changes } })).toContain(message)
  })

  it('is refused where another service has its root on one of its nodes', async () => {
    const jobs = { ...service, fleet: { nodes: ['web2.example.com'] } }
    expect(await mistakesIn({ web: service, jobs })).toContain(
      'services.jobs.fleet.nodes.0: "web2.example.com" is the place of web2.example.com of web as well',
    )
  })

  it('needs its key where deploys are carried, and nowhere else', async () => {
    const ssh = { user: 'deploy', key: 'gone' }
    for (const role of ['worker', 'server'] as const) {
      expect(await mistakesIn({ web: service }, { ssh }, role)).toMatch(
        /services\.web\.ssh\.key: there is no file .*gone/,
      )
    }
    expect(await mistakesIn({ web: service }, { ssh }, 'command')).toBe('')
  })

  it('is logged in to by a key or by an agent, by what it says itself before what the file says', async () => {
    const [agent, both] = [{ agent: '/run/agent' }, { key: 'key', agent: true }]
    expect(await mistakesIn({ web: service }, { ssh: { user: 'deploy', ...agent } })).toBe('')
    expect(await mistakesIn({ web: { ...service, ssh: agent } })).toBe('')
    expect(await mistakesIn({ web: { ...service, ssh: { key: 'key' } } }, { ssh: { user: 'deploy', ...agent } })).toBe(
      '',
    )
    const twice = 'ssh.agent: is there, and so is key: log in by one of the two'
    expect(await mistakesIn({ web: { ...service, ssh: both } })).toContain(`services.web.${twice}`)
    expect(await mistakesIn({ web: service }, { ssh: { user: 'deploy', ...both } })).toContain(`  ${twice}`)
    expect(await mistakesIn({ web: service }, { ssh: { user: 'deploy' } })).toContain(
      'services.web.ssh.key: is missing, here and in ssh: at the top; or say agent',
    )
    expect(await mistakesIn({ web: { ...service, ssh: { agent: true } } })).toContain(
      'services.web.ssh.agent: is true, and SSH_AUTH_SOCK is not set: start this process beside an SSH agent',
    )
    expect(await mistakesIn({ web: { ...service, ssh: { agent: true } } }, {}, 'command')).toBe('')
  })

  it('on other machines needs to be told how they reach the index', async () => {
    expect(await mistakesIn({ web: service }, { server: {} })).toContain(
      'server.external_url: is http://127.0.0.1:8080 where nothing is said, and web1.example.com of services.web would look',
    )
    expect(await mistakesIn({ web: { ...service, index_access: 'ssh' } }, { server: {} })).toBe('')
    const here = { ...service, fleet: { nodes: [at('127.0.0.1')] } }
    expect(await mistakesIn({ web: here }, { server: {} })).toBe('')
  })
})

it('the order of channels names channels that there are, and never leads back', async () => {
  const order = (channel_order: object) => mistakesIn({}, { channels: ['production', 'staging'], channel_order })
  expect(await order({ production: { after: 'staging', minutes: 60 } })).toBe('')
  expect(await order({ production: { after: 'stage' } })).toContain(
    'channel_order.production.after: there is no channel "stage" among channels',
  )
  expect(await order({ prod: { after: 'staging' } })).toContain('channel_order.prod: there is no channel "prod"')
  expect(await order({ production: { after: 'staging' }, staging: { after: 'production' } })).toContain(
    'channel_order.production.after: leads back: nothing could be promoted',
  )
})

it('receivers of notices have names of their own, services that there are, and secrets in the environment', async () => {
  const hook = { webhook: 'https://chat.example.com/hooks/1' }
  const told = (...notify: object[]) => mistakesIn({ web: service }, { notify })
  expect(await told({ name: 'chat', ...hook, services: ['web'] })).toBe('')
  expect(await told({ name: 'chat', ...hook }, { name: 'chat', ...hook })).toContain(
    'notify.1.name: "chat" is there twice',
  )
  expect(await told({ name: 'chat', ...hook, services: ['wep'] })).toContain(
    'notify.0.services: there is no service "wep"',
  )
  expect(await told({ name: 'chat', ...hook }, { name: 'journal', log: true, services: ['web'] })).toBe('')
  for (const way of [{}, { ...hook, log: true }]) {
    expect(await told({ name: 'chat', ...way })).toContain('notify.0: say either webhook or log: true')
  }
  expect(await told({ name: 'journal', log: true, secret_env: 'A' })).toContain('notify.0.secret_env: a log has no use')
  expect(await told({ name: 'chat', ...hook, secret_env: 'CHAT_SECRET' })).toContain(
    'notify.0.secret_env: the environment has no CHAT_SECRET',
  )
})
