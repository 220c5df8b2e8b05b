import { describe, expect, it } from 'vitest'
import { crewFor } from '../../../src/deploy/crew.ts'
import { type DeployRequest, joinedDocument, planDocument } from '../../../src/deploy/documents.ts'
import type { FleetNode } from '../../../src/deploy/fleet.ts'
import type { EffectKind, Outcome } from '../../../src/deploy/rollout/model.ts'
import { DomainError, type ErrorCode } from '../../../src/errors.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { aDefinition } from '../../support/definitions.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { blank } from '../../support/rollout-worlds.ts'

const deploy = 'web.production.7'

/** Who acts for a deploy of three nodes, none of which lets anybody in, for the reason. */
function aCrew(reason: ErrorCode, rollout: object = {}, more: object = {}) {
  const [documents, clock] = [documentsOn(new MemoryStore()), new FakeClock()]
  let fleet: FleetNode[] | DomainError = ['n1', 'n2', 'n3'].map((name) => ({ name }))
  const unused = () => Promise.reject(new Error('Nothing here asks for this.'))
  const ports = {
    ...{ documents, clock, externalUrl: 'http://index', storeId: 'store', report: () => undefined },
    hosts: { connect: () => Promise.reject(new DomainError(reason, 'n1 lets nobody in')) },
    credentials: {
      issue: async () => ({ login: 'node', password: 'a-password-of-the-node' }),
      revoke: async () => undefined,
    },
    discovery: { nodes: async () => (Array.isArray(fleet) ? fleet : Promise.reject(fleet)) },
    ...{ projects: { find: unused }, commands: { run: unused } },
  }
  const request: DeployRequest = {
    ...{ deploy, service: 'web', project: 'app', version: '1.1.0', channel: 'production', serial: 7, files: [] },
    ...{ by: 'ci', at: '2026-01-01T00:00:00Z', definition: aDefinition({ rollout, ...more }) },
  }
  const crew = crewFor(ports, request, 1)
  async function act(
    kind: EffectKind,
    node?: string,
    { seconds = 0, fence = 1, taken = node ?? 'n1' } = {},
  ): Promise<Outcome> {
    const effect = { attempt: `${deploy}.1-${kind}`, kind, ...(seconds && { seconds }), ...(node && { node }) }
    const nodes = [...new Set(['n1', 'n2', 'n3', taken])].map((name) => ({ name, state: 'waiting' as const }))
    let outcome: Outcome | undefined
    const acting = crew.act(effect, { ...blank, fence, nodes }, new AbortController().signal).then((one) => {
      outcome = one
    })
    await clock.passUntil(() => outcome !== undefined)
    await acting
    return outcome ?? { ok: false, problem: 'never' }
  }
  const leave = (name: string) => {
    if (Array.isArray(fleet)) fleet = fleet.filter((one) => one.name !== name)
  }
  const answer = (next: FleetNode[] | DomainError) => {
    fleet = next
  }
  return {
    act,
    leave,
    answer,
    clock,
    joined: async () => (await documents.read(joinedDocument, keys.deployJoined('web', deploy)))?.value,
    addresses: async () =>
      (await documents.read(joinedDocument, keys.deployJoined('web', deploy)))?.value.nodes.map(
        ({ name, address }) => `${name} ${address}`,
      ),
    plan: async () => (await documents.read(planDocument, keys.deployPlan('web', deploy)))?.value,
  }
}

describe('who acts for a deploy', () => {
  it.each([
    ['host-unreachable', true],
    ['outcome-unknown', true],
    ['host-key-changed', false],
    ['host-authentication', false],
  ] as const)('tells a node that cannot be reached from one that fails: %s', async (reason, unreachable) => {
    const crew = aCrew(reason)
    await crew.act('plan')
    const gone = unreachable ? { gone: false } : {}
    expect(await crew.act('probe', 'n1')).toEqual({ ok: false, problem: 'n1 lets nobody in', unreachable, ...gone })
  })

  it('tells a node that has left the fleet since from one that cannot be reached', async () => {
    const crew = aCrew('host-unreachable')
    await crew.act('plan')
    crew.leave('n1')
    expect(await crew.act('probe', 'n1')).toMatchObject({ unreachable: true, gone: true })
    expect(await crew.act('probe', 'n2')).toMatchObject({ unreachable: true, gone: false })
  })

  it.each([86_400_000, -86_400_000])(
    'soaks for as long as it was told, though the clock jumps by %i ms',
    async (jump) => {
      const crew = aCrew('host-unreachable')
      const began = crew.clock.monotonic()
      const jumping = crew.clock.sleep(3_000).then(() => crew.clock.jump(jump))
      expect(await crew.act('soak', undefined, { seconds: 60 })).toEqual({ ok: true })
      await jumping
      expect(crew.clock.monotonic() - began).toBe(60_000)
    },
  )

  const inventory = { fleet: { inventory: { command: ['inventory'], max_shrink: 1 } } }
  const named = (...names: readonly string[]) => names.map((name) => ({ name }))

  it('asks an inventory between waves too, and keeps how newcomers are reached', async () => {
    expect(await aCrew('host-unreachable', {}, inventory).act('plan')).toMatchObject({ found: { asksAgain: true } })
    const crew = aCrew('host-unreachable', {}, inventory)
    await crew.act('plan')
    crew.answer([...named('n1', 'n3', 'n5'), { name: 'n4', address: '10.0.0.4' }])
    expect(await crew.act('discover')).toEqual({ ok: true, found: { kind: 'discover', newcomers: ['n5', 'n4'] } })
    expect(await crew.joined()).toMatchObject({
      count: 4,
      nodes: [{ name: 'n5' }, { name: 'n4', address: '10.0.0.4' }],
    })
    // What it has kept stays.
    crew.answer(named('n1', 'n2', 'n3', 'n6'))
    expect(await crew.act('discover')).toMatchObject({ found: { newcomers: ['n6'] } })
    expect(await crew.addresses()).toEqual(['n5 n5', 'n4 10.0.0.4', 'n6 n6'])
  })

  it('reaches a newcomer at the address of now for as long as it is not taken in, and from then on at that', async () => {
    const crew = aCrew('host-unreachable', {}, inventory)
    await crew.act('plan')
    const known = named('n1', 'n2', 'n3')
    // Found while the deploy was paused: nobody takes it in.
    for (const address of ['10.0.0.4', '10.0.0.5']) {
      crew.answer([...known, { name: 'n4', address }])
      expect(await crew.act('discover')).toMatchObject({ found: { newcomers: ['n4'] } })
      expect(await crew.addresses()).toEqual([`n4 ${address}`])
    }
    crew.answer([...known, { name: 'n4', address: '10.0.0.6' }])
    expect(await crew.act('discover', undefined, { taken: 'n4' })).toMatchObject({ found: { newcomers: [] } })
    expect(await crew.addresses()).toEqual(['n4 10.0.0.5'])
  })

  it('leaves newcomers as the worker has found them that has taken over meanwhile, be it by the same answer', async () => {
    const crew = aCrew('host-unreachable', {}, inventory)
    await crew.act('plan')
    crew.answer([...named('n1', 'n2', 'n3'), { name: 'n4', address: '10.0.0.4' }])
    await crew.act('discover', undefined, { fence: 1 })
    await crew.act('discover', undefined, { fence: 2 })
    crew.answer([...named('n1', 'n2', 'n3'), { name: 'n4', address: '10.0.0.5' }])
    await crew.act('discover', undefined, { fence: 1 })
    expect(await crew.addresses()).toEqual(['n4 10.0.0.4'])
  })

  it('does not take a newcomer that cannot be reached for one that has left', async () => {
    const crew = aCrew('host-unreachable', {}, inventory)
    await crew.act('plan')
    expect(await crew.act('probe', 'n1')).toMatchObject({ unreachable: true, gone: false })
    crew.answer(named('n1', 'n2', 'n3', 'n4'))
    await crew.act('discover')
    expect(await crew.act('probe', 'n4')).toMatchObject({ unreachable: true, gone: false })
  })

  it('takes one at the place of another for that node by another name', async () => {
    const crew = aCrew('host-unreachable', {}, inventory)
    await crew.act('plan')
    crew.answer([...named('n1', 'n2'), { name: 'renamed', address: 'n3' }])
    expect(await crew.act('discover')).toEqual({ ok: true, found: { kind: 'discover', newcomers: [] } })
    expect(await crew.joined()).toBeUndefined()
  })

  it.each([
    ['is empty', [], 'The fleet has no nodes.'],
    ['is much smaller', named('n9'), 'The inventory has 1 node, and web.production.7 had 3: at most 1 may be missing'],
    ['does not come', new DomainError('deploy-step-failed', 'It ended with 1.'), 'It ended with 1.'],
  ])('takes nobody in where the answer %s', async (_how, fleet, sentence) => {
    const crew = aCrew('host-unreachable', {}, inventory)
    await crew.act('plan')
    crew.answer(fleet)
    expect(await crew.act('discover')).toEqual({ ok: false, problem: expect.stringContaining(sentence) })
    expect(await crew.joined()).toBeUndefined()
  })

  it('keeps the arithmetic in the plan, and gives it to the rollout as counts', async () => {
    const crew = aCrew('host-unreachable', { waves: [1, '50%'], max_unreachable: '34%', on_failure: 'stop' })
    expect(await crew.act('plan')).toEqual({
      ok: true,
      found: {
        ...{ kind: 'plan', nodes: ['n1', 'n2', 'n3'], maxUnavailable: 1, soakSeconds: 10, waves: [1, 2] },
        ...{ maxFailures: 0, maxUnreachable: 1, onFailure: 'stop' },
      },
    })
    expect((await crew.plan())?.arithmetic).toBe(
      '3 nodes: waves of 1, 1, 1; at most 1 out of service at a time; stops at the 1st failure; 1 unreachable allowed',
    )
  })
})
