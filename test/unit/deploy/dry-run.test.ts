import { describe, expect, it } from 'vitest'
import { describePlan } from '../../../src/deploy/describe-plan.ts'
import { changesBetween } from '../../../src/deploy/dry-run.ts'

const lock = (files: Readonly<Record<string, string>>) => ({
  files: Object.entries(files).map(([project, version]) => ({ project, version, url: '/x', sha256: 'a'.repeat(64) })),
})

describe('what a promotion would do', () => {
  it('is told by what the locks say: changed, new and gone, and nothing of what stays', () => {
    const before = lock({ app: '1.0', greeting: '1.0', six: '1.16', old: '0.1' })
    const after = lock({ app: '1.1', greeting: '1.0', six: '1.17', fresh: '2.0' })
    expect(changesBetween(before, after)).toEqual([
      { project: 'app', from: '1.0', to: '1.1' },
      { project: 'six', from: '1.16', to: '1.17' },
      { project: 'fresh', to: '2.0' },
      { project: 'old', from: '0.1' },
    ])
    expect(changesBetween(undefined, lock({ app: '1.0' }))).toEqual([{ project: 'app', to: '1.0' }])
  })

  it('is text for people, node by node', () => {
    const before = { release: '1.0-abc', version: '1.0', healthy: true }
    const nodes = [
      { name: 'web1', before, changes: changesBetween(lock({ app: '1.0', old: '1' }), lock({ app: '1.1', six: '2' })) },
      {
        name: 'web2',
        before: { ...before, healthy: false },
        notes: ['python 3.11.2', 'uv 0.13.9', '1.0 GiB free'],
        warnings: ['the restart command is not there: /srv/app/restart'],
      },
      { name: 'web3', before, changes: [], pinned: false },
      { name: 'web10', problem: 'web10 cannot be reached: connection refused' },
    ]
    const services = [{ service: 'web', plan: '3 nodes: one wave', waitsFor: 'web.production.3', nodes }]
    const plan = { project: 'app', version: '1.1', channel: 'production', previous: '1.0', services }
    expect(describePlan(plan)).toBe(
      [
        'production of app would be 1.1 in place of 1.0. Nothing was changed.',
        'web: 3 nodes: one wave. It would wait for web.production.3 to end.',
        '  web1   runs 1.0; app 1.0 -> 1.1, six 2 (new), old 1 (goes)',
        '  web2   runs 1.0, not answering; dependencies not known',
        '         python 3.11.2, uv 0.13.9, 1.0 GiB free',
        '         WARNING: the restart command is not there: /srv/app/restart',
        '  web3   runs 1.0; no change (to be pinned)',
        '  web10  CANNOT BE DEPLOYED TO: web10 cannot be reached: connection refused',
        '',
      ].join('\n'),
    )
    expect(describePlan({ ...plan, services: [] })).toContain('No service subscribes: nothing would be deployed.')
  })
})
