import { describe, expect, it } from 'vitest'
import { planDocument } from '../../../src/deploy/documents.ts'
import { findFleet, unknownFleet } from '../../../src/deploy/find-fleet.ts'
import { type FleetNode, planNode } from '../../../src/deploy/fleet.ts'
import { serviceDocument } from '../../../src/deploy/service-state.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { aDefinition } from '../../support/definitions.ts'

const many = (count: number): FleetNode[] => Array.from({ length: count }, (_, at) => ({ name: `n${at}` }))

/** What comes of a fleet of an inventory, after a deploy to so many nodes. */
async function found(nodes: readonly FleetNode[] | Error, more: object = {}, last = 0, force = false) {
  const inventory = { command: ['inventory'], ...('max_shrink' in more ? more : {}) }
  const definition = aDefinition({ fleet: { inventory }, ...('max_shrink' in more ? {} : more) })
  const documents = documentsOn(new MemoryStore())
  const recent = ['web.production.2', 'web.production.1'].map((deploy) => ({
    ...{ deploy, version: '1.0', project: 'app', phase: 'succeeded' as const, at: '' },
  }))
  await documents.create(serviceDocument, keys.service('web'), { considered: {}, closing: [], recent })
  if (last > 0) {
    const plan = { deploy: 'web.production.1', nodes: many(last).map((node) => planNode(node, definition)) }
    await documents.create(planDocument, keys.deployPlan('web', 'web.production.1'), plan)
  }
  const discovery = {
    nodes: async () => {
      if (nodes instanceof Error) throw nodes
      return nodes
    },
  }
  const request = { service: 'web', definition, force }
  const fleet = await findFleet({ discovery, documents }, request, new AbortController().signal)
  return fleet.ok ? fleet.nodes.length : fleet.problem
}

describe('the fleet of an inventory', () => {
  it('is taken as it is where nothing is known of it, and where it lost no more nodes than it may', async () => {
    expect(await found(many(3))).toBe(3)
    expect([await found(many(5), {}, 10), await found(many(1), {}, 2), await found(many(30), {}, 10)]).toEqual([
      5, 1, 30,
    ])
    expect(await found(many(9), { max_shrink: 1 }, 10)).toBe(9)
  })

  it('blocks the deploy where it is much smaller than that of the last one, unless it is forced', async () => {
    expect(await found(many(4), {}, 10)).toBe(
      'The inventory has 4 nodes, and web.production.1 had 10: at most 5 may be missing at once ' +
        '(fleet.inventory.max_shrink). Where the fleet is meant to be smaller, promote by force ({"force": true}).',
    )
    expect(await found(many(1), { max_shrink: '10%' }, 2)).toContain('at most 0 may be missing')
    expect(await found(many(4), {}, 10, true)).toBe(4)
  })

  it('blocks the deploy where it is empty, forced or not, and where it cannot be told', async () => {
    expect(await found([])).toContain('The fleet has no nodes.')
    expect(await found([], {}, 3, true)).toContain('The fleet has no nodes.')
    expect(await found(unknownFleet('The command ended with 1.'))).toBe('The command ended with 1.')
    await expect(found(new Error('a bug'))).rejects.toThrow('a bug')
  })

  it.each<[string, readonly FleetNode[], object, string]>([
    [
      'lacks what the service uses',
      many(1),
      { root: '/srv/{app}' },
      'n0 has no value for {app}, which the service uses.',
    ],
    [
      'would lead elsewhere',
      [{ name: 'a', vars: { app: '../x' } }],
      { root: '/srv/{app}' },
      'a would have the root "/srv/../x"',
    ],
    ['has a place twice', [{ name: 'a', address: 'b' }, { name: 'b' }], {}, 'b is the place of a as well'],
    ['lacks the canary', many(2), { rollout: { canary: ['web9'] } }, 'The fleet has no node "web9"'],
    [
      'would be out as a whole',
      many(2),
      { rollout: { max_unavailable: 2 } },
      'would let all 2 nodes be out of service',
    ],
  ])('blocks the deploy where it %s', async (_what, nodes, more, sentence) => {
    expect(await found(nodes, more)).toContain(sentence)
  })
})
