import { describe, expect, it } from 'vitest'
import {
  closed,
  considered,
  type Entry,
  enter,
  finish,
  newServiceState,
  rollbackTargets,
  type ServiceState,
  start,
  stateFor,
  withdraw,
} from '../../../src/deploy/service-state.ts'

const at = '2026-11-25T00:00:00Z'
const entry = (serial: number, rest: Partial<Entry> = {}): Entry => ({
  deploy: `web.production.${serial}`,
  project: 'app',
  version: `1.${serial}`,
  channel: 'production',
  serial,
  at,
  ...rest,
})

const deployed = (serial: number, project = 'app') => ({
  deploy: `web.production.${serial}`,
  version: `1.${serial}`,
  project,
})

/** After these, one after the other; a step that changes nothing fails the test. */
function stateAfter(...steps: readonly ((state: ServiceState) => ServiceState | undefined)[]): ServiceState {
  return steps.reduce<ServiceState>((state, step) => {
    const next = step(state)
    if (next === undefined) throw new Error('A step changed nothing.')
    return next
  }, newServiceState())
}
const enters =
  (serial: number, rest: Partial<Entry> = {}) =>
  (state: ServiceState) =>
    enter(state, entry(serial, rest))
const ends = (serial: number, phase: 'succeeded' | 'failed') => (state: ServiceState) =>
  finish(state, deployed(serial), phase, at)

describe('a service’s document', () => {
  it('has a deploy that enters wait, and run once it is started', () => {
    expect(stateAfter(enters(1))).toMatchObject({ waiting: 'web.production.1', desired: { version: '1.1' } })
    const running = stateAfter(enters(1), start)
    expect(running).toMatchObject({ running: 'web.production.1' })
    expect(running.waiting).toBeUndefined()
  })

  it('starts nothing where one runs, or none waits', () => {
    expect(start(newServiceState())).toBeUndefined()
    expect(start(stateAfter(enters(1), start, enters(2)))).toBeUndefined()
  })

  it('lets one that waits be withdrawn, and no other', () => {
    const state = stateAfter(enters(1), start, enters(2))
    expect(withdraw(state, { deploy: 'web.production.1', version: '1.1' }, at)).toBeUndefined()
    const next = withdraw(state, { deploy: 'web.production.2', version: '1.2' }, at)
    expect(next).toMatchObject({ running: 'web.production.1', closing: ['web.production.2'] })
    expect(next?.waiting).toBeUndefined()
    expect(next?.recent[0]).toMatchObject({ deploy: 'web.production.2', phase: 'aborted' })
  })

  it('lets a deploy enter once', () => {
    for (const state of [
      stateAfter(enters(1)),
      stateAfter(enters(1), start),
      stateAfter(enters(1), start, ends(1, 'failed')),
    ]) {
      expect(enter(state, entry(1))).toBeUndefined()
    }
  })

  it('lets a newer one take the place of the one that waits, which is to be told; the running one goes on', () => {
    const state = stateAfter(enters(1), start, enters(2), enters(3))
    expect(state).toMatchObject({
      running: 'web.production.1',
      waiting: 'web.production.3',
      closing: ['web.production.2'],
    })
    expect(state.recent).toEqual([{ ...deployed(2), phase: 'superseded', at }])
    expect(state.desired).toEqual(deployed(3))
  })

  it('takes one that comes after a newer one as superseded', () => {
    const state = stateAfter(enters(2), enters(1))
    expect(state).toMatchObject({
      waiting: 'web.production.2',
      closing: ['web.production.1'],
      desired: { version: '1.2' },
    })
  })

  it('remembers what succeeded last as stable, whatever failed since', () => {
    const state = stateAfter(enters(1), start, ends(1, 'succeeded'), enters(2), start, ends(2, 'failed'))
    expect(state.stable).toEqual(deployed(1))
    expect(state.recent.map(({ phase }) => phase)).toEqual(['failed', 'succeeded'])
    expect(state.running).toBeUndefined()
  })

  it('names as what one can go back to nothing that was rolled back since it ran well, until it succeeds again', () => {
    const runs =
      (serial: number, version: string, phase: 'succeeded' | 'rolled_back') =>
      (state: ServiceState): ServiceState | undefined => {
        const started = start(enter(state, entry(serial, { version })) ?? state)
        return started && finish(started, { ...deployed(serial), version }, phase, at)
      }
    const steps = [
      ...[runs(1, '1.0', 'succeeded'), runs(2, '1.1', 'succeeded'), runs(3, '1.2', 'succeeded')],
      ...[runs(4, '1.1', 'rolled_back'), runs(5, '1.2', 'succeeded')],
    ]
    expect(rollbackTargets(stateAfter(...steps))).toEqual(['1.0'])
    const again = [...steps, runs(6, '1.1', 'succeeded'), runs(7, '1.2', 'succeeded')]
    expect(rollbackTargets(stateAfter(...again))).toEqual(['1.1', '1.0'])
  })

  it('finishes only what runs', () => {
    expect(finish(stateAfter(enters(1)), deployed(1), 'succeeded', at)).toBeUndefined()
  })

  it('forgets those that were told', () => {
    const state = stateAfter(enters(1), enters(2), enters(3))
    expect(closed(state, ['web.production.1'])?.closing).toEqual(['web.production.2'])
    expect(closed(state, ['web.production.9'])).toBeUndefined()
  })

  it('counts the serials of each project for itself', () => {
    const state = stateAfter(enters(7), enters(1, { project: 'other', deploy: 'web.production.1-0123abcd' }))
    expect(state.waiting).toBe('web.production.1-0123abcd')
    expect([considered(state, 'app', 'production'), considered(state, 'other', 'production')]).toEqual([7, 1])
  })

  it('shows of an earlier project nothing, once the service was given another', () => {
    const before = stateAfter(enters(1), start, ends(1, 'succeeded'), enters(2), start, ends(2, 'failed'))
    expect(stateFor(before, 'other')).toMatchObject({ recent: [], considered: { 'app/production': 2 } })
    expect(stateFor(before, 'other').stable ?? stateFor(before, 'other').desired).toBeUndefined()
    expect(stateFor(before, 'app')).toEqual(before)
    const after = enter(before, entry(1, { project: 'other', deploy: 'web.production.1-0123abcd', version: '9' }))
    expect(after && stateFor(after, 'other').desired).toMatchObject({ version: '9', project: 'other' })
    expect(after && stateFor(after, 'app').desired).toBeUndefined()
  })

  it('that does not say of which project its deploys were, as written before, shows them', () => {
    const recent = [{ deploy: 'web.production.3', version: '1.3', phase: 'succeeded', at }] as const
    expect(stateFor({ ...newServiceState(), recent: [...recent] }, 'app').recent).toEqual(recent)
  })

  it('that counts by channel alone, as written before, takes the deploys in it for considered', () => {
    const old: ServiceState = {
      ...newServiceState(),
      considered: { production: 3 },
      recent: [{ deploy: 'web.production.3', version: '1.3', phase: 'succeeded', at }],
    }
    const state = enter(old, entry(3))
    expect(state?.waiting).toBeUndefined()
    expect(state && considered(state, 'app', 'production')).toBe(3)
  })

  it('blames no version that the fleet runs well for a node that could not be brought to it', () => {
    const deployed = { version: '1.0', project: 'app' }
    const stable = { ...deployed, deploy: 'web.production.1' }
    const running = { ...newServiceState(), stable, running: 'web.production.1-repair-0a0a0a0a' }
    const after = finish(running, { ...deployed, deploy: running.running }, 'rolled_back', '2026-01-01T00:00:00Z')
    expect([after?.condemned, after?.automaticHold]).toEqual([undefined, undefined])
    const other = finish(
      running,
      { version: '1.1', project: 'app', deploy: running.running },
      'rolled_back',
      '2026-01-01T00:00:00Z',
    )
    expect(other?.automaticHold).toMatchObject({ reason: '1.1 was rolled back' })
  })
})
