import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { demoApp } from '../support/demo-app.ts'
import { startSite, ways } from '../support/deploy-site.ts'
import { until } from '../support/until.ts'

interface DeployJson {
  readonly phase: string
  readonly reason: string | null
  readonly nodes: readonly { readonly name: string; readonly state: string }[]
}

describe.each(ways)('stopping whoever carries a deploy, %s', (_name, way) => {
  it('lets what is in hand end, on nodes and on its own machine, and the next goes on at once', async () => {
    const drain = 'echo "$0 begins" >>drains; sleep 1; echo "$0 ends" >>drains'
    await using site = await startSite(way, {
      nodes: [{}, {}],
      rollout: { soak_seconds: 0.2 },
      // Who waited for the lease to expire would be late.
      worker: { lease_seconds: 120, look_seconds: 1 },
      service: {
        restart: { command: ['sh', '-c', 'sleep 1; {root}/restart-app.sh'] },
        drain: { command: ['sh', '-c', drain, '{name}'], on: 'worker' },
        undrain: { command: ['true'], on: 'worker' },
      },
    })
    await site.publish(demoApp({ version: '1.0.0' }), '1.0.0')
    const id = /(web\.production\.\d+):/.exec((await site.promote('1.0.0', '')).text)?.[1] ?? ''
    const deploy = () => site.get<DeployJson>(`/deploys/${id}`)
    const stateOf = async (name: string) => (await deploy()).nodes.find((node) => node.name === name)?.state
    for (const [name, state] of [
      ['web1', 'draining'],
      ['web2', 'activating'],
    ] as const) {
      await until(async () => (await stateOf(name)) === state, 60)
      const printed = await site.stopCarrier()
      expect(printed).toContain(`Let go of web: This worker stopped carrying ${id}.`)
      const head = await deploy()
      // What ended was saved, and it may be further by now.
      expect(head.nodes.find((node) => node.name === name)?.state).not.toBe(state)
    }
    await until(async () => (await deploy()).phase === 'succeeded', 60)
    expect((await site.running()).map((running) => running?.version)).toEqual(['1.0.0', '1.0.0'])
    const drains = readFileSync(join(site.home, 'drains'), 'utf8').trim().split('\n')
    expect(drains).toEqual(['web1 begins', 'web1 ends', 'web2 begins', 'web2 ends'])
    for (const { service } of site.fleet.members) {
      const runs = readdirSync(join(service.root, '.wheelhouse', 'runs'))
      expect(runs.filter((run) => run.includes('-activate-'))).toHaveLength(1)
    }
  }, 150_000)
})
