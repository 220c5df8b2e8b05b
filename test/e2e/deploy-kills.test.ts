import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { demoApp } from '../support/demo-app.ts'
import { type DeploySite, startSite, ways } from '../support/deploy-site.ts'
import { until } from '../support/until.ts'
import { watchServices } from '../support/watch-services.ts'

interface DeployJson {
  readonly phase: string
  readonly reason: string | null
  readonly nodes: readonly { readonly name: string; readonly state: string }[]
}

/**
 * Where in a deploy the one who carries it is killed: a phase, or the state of a node. While pip installs only workers are, as an index
 * that is restarted with its worker may be away for longer than pip tries.
 */
const moments = ['preparing', 'staging', 'web1 draining', 'web1 activating', 'web1 undraining', 'soaking'] as const

const badMoments = ['web1 verifying', 'web1 restoring', 'web1 checking'] as const

/** The two ways take turns, as a kill is of the one code that both have: eleven kills in all, several of them in one deploy. */
const turnsOf = <T>(all: readonly T[], turn: number) => all.filter((_, at) => at % 2 === turn)

describe.each(ways.map(([name, way], turn) => [name, way, turn] as const))(
  'killing whoever carries a deploy, %s',
  (_name, way, turn) => {
    let site: DeploySite
    beforeAll(async () => {
      site = await startSite(way, {
        nodes: [{}, {}],
        rollout: { soak_seconds: 1.5 },
        verify: { timeout_seconds: 3 },
        // Long enough to be met in the middle of it.
        service: {
          restart: { command: ['sh', '-c', 'sleep 0.5; {root}/restart-app.sh'] },
          drain: { command: ['sh', '-c', 'touch drained; sleep 0.3'] },
          undrain: { command: ['sh', '-c', 'sleep 0.3; rm -f drained'] },
          once_per_deploy: { command: ['sh', '-c', 'sleep 0.3; echo "$WHEELHOUSE_VERSION" >>migrated'] },
        },
      })
      await site.publish(demoApp({ version: '1.0.0' }), '1.0.0')
      const first = await site.promote('1.0.0')
      expect(first.status, first.text).toBe(200)
    }, 120_000)
    afterAll(async () => {
      await site?.[Symbol.asyncDispose]()
    })

    const markOn = (at: number, name: string) => join(site.fleet.members[at]?.service.root ?? '', name)
    const expectUndrained = () => {
      for (const at of [0, 1]) expect(existsSync(markOn(at, 'drained'))).toBe(false)
    }
    function expectNothingRunTwice(id: string): void {
      for (const { service } of site.fleet.members) {
        const runs = readdirSync(join(service.root, '.wheelhouse', 'runs')).filter((run) => run.startsWith(`${id}.`))
        // The name of an attempt ends with its kind and the deploy's nonce.
        const kinds = runs.map((run) => run.split('-').at(-2))
        expect(kinds.length).toBeGreaterThan(1)
        expect(new Set(kinds).size, runs.join()).toBe(kinds.length)
      }
    }
    const deployOf = (id: string) => site.get<DeployJson>(`/deploys/${id}`)
    const isAt = ({ phase, nodes }: DeployJson, moment: string) => {
      const [name, state] = moment.split(' ')
      return state === undefined ? phase === name : nodes.some((node) => node.name === name && node.state === state)
    }

    async function killedAt(id: string, all: readonly string[]): Promise<DeployJson> {
      for (const moment of all) {
        await until(async () => isAt(await deployOf(id), moment), 60)
        await site.killCarrier()
      }
      await until(async () => /succeeded|failed|rolled_back/.test((await deployOf(id)).phase), 60)
      return await deployOf(id)
    }

    it(`at ${turnsOf(moments, turn).join(', ')} of one deploy: it succeeds all the same, and nothing was run twice`, async () => {
      const version = '1.1.0'
      await site.publish(demoApp({ version }), version)
      const watch = watchServices(site)
      const id = /(web\.production\.\d+):/.exec((await site.promote(version, '')).text)?.[1] ?? ''
      const { phase, reason } = await killedAt(id, turnsOf(moments, turn))
      expect([phase, reason]).toEqual(['succeeded', null])
      expect((await site.running()).map((running) => running?.version)).toEqual([version, version])
      expect(await watch.stop()).toBeLessThanOrEqual(1)
      expectUndrained()
      const migrated = readFileSync(markOn(0, 'migrated'), 'utf8').split('\n')
      expect(migrated.filter((line) => line === version)).toEqual([version])
      expectNothingRunTwice(id)
    }, 150_000)

    it(`at ${turnsOf(badMoments, turn).join(', ')} of a bad release: it is rolled back all the same`, async () => {
      const version = '1.2.0'
      const before = (await site.running())[0]?.version
      await site.publish(demoApp({ version, importError: true }), version)
      const watch = watchServices(site)
      const id = /(web\.production\.\d+):/.exec((await site.promote(version, '')).text)?.[1] ?? ''
      const { phase, reason } = await killedAt(id, turnsOf(badMoments, turn))
      expect([phase, reason]).toEqual(['rolled_back', expect.stringContaining('nothing answers')])
      expect((await site.running()).map((running) => running?.version)).toEqual([before, before])
      expect(await watch.stop()).toBeLessThanOrEqual(1)
      expectUndrained()
    }, 150_000)

    it('after the promotion was answered and before anything of it was done', async () => {
      await site.publish(demoApp({ version: '1.9.0' }), '1.9.0')
      const { status, text } = await site.promote('1.9.0', '')
      expect(status).toBe(202)
      await site.killCarrier()
      const id = /(web\.production\.\d+):/.exec(text)?.[1] ?? ''
      await until(async () => (await deployOf(id)).phase === 'succeeded', 60)
      expect((await site.running()).map((running) => running?.version)).toEqual(['1.9.0', '1.9.0'])
    }, 240_000)

    if (turn === 1) {
      it('while its store answers 503 for longer than a lease lasts: the deploy goes on where it was, and nothing is run twice', async () => {
        const version = '1.9.1'
        await site.publish(demoApp({ version }), version)
        const id = /(web\.production\.\d+):/.exec((await site.promote(version, '')).text)?.[1] ?? ''
        await until(async () => isAt(await deployOf(id), 'web1 activating'), 60)
        site.store?.meet(() => 'unavailable')
        await new Promise((resolve) => setTimeout(resolve, 3_000))
        site.store?.meet(() => 'fine')
        await until(async () => (await deployOf(id)).phase === 'succeeded', 60)
        expect((await site.running()).map((running) => running?.version)).toEqual([version, version])
        expect(site.store?.counts().unavailable).toBeGreaterThan(5)
        expectUndrained()
        expectNothingRunTwice(id)
      }, 150_000)
    }
  },
)
