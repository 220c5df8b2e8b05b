import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { controlDeploy } from '../../../src/deploy/control-deploy.ts'
import { controlsDocument, headDocument } from '../../../src/deploy/documents.ts'
import { requestDeploy } from '../../../src/deploy/request-deploy.ts'
import type { ControlKind } from '../../../src/deploy/rollout/control.ts'
import { serviceDocument, start } from '../../../src/deploy/service-state.ts'
import { readRollout } from '../../../src/deploy/watch.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { inProcessQueue } from '../../../src/queue/in-process-queue.ts'
import { checkDocuments } from '../../../src/upkeep/check-documents.ts'
import { aDefinition } from '../../support/definitions.ts'

const [running, waiting] = ['web.production.1', 'web.production.2']

/** A service with a deploy that runs and one that waits, and nobody at work. */
async function aService() {
  const ignore = () => undefined
  const documents = documentsOn(new MemoryStore())
  const ports = { documents, queue: inProcessQueue(ignore), bus: inProcessBus(ignore), clock: systemClock }
  for (const serial of [1, 2]) {
    const pointer = { serial, version: `1.${serial}`, files: [], at: '2026-11-25T00:00:00Z', by: 'ci', attempt: '' }
    await requestDeploy(ports, { service: 'web', definition: aDefinition(), channel: 'production', pointer })
    if (serial === 1) await documents.update(serviceDocument, keys.service('web'), (state) => state && start(state))
  }
  return {
    documents,
    say: (deploy: string, kind: ControlKind, by = 'alice') =>
      controlDeploy(ports, deploy, { kind, by }, AbortSignal.timeout(10_000)),
    state: async () => (await documents.read(serviceDocument, keys.service('web')))?.value,
    controls: async (deploy: string) =>
      (await documents.read(controlsDocument, keys.deployControls('web', deploy)))?.value.controls ?? [],
  }
}

describe('telling a deploy something', () => {
  it('ends one that waits as aborted, and lets the service go on', async () => {
    const { documents, say, state } = await aService()
    const { rollout } = await say(waiting, 'abort')
    expect([rollout.phase, rollout.reason]).toEqual(['aborted', 'Aborted by alice'])
    expect(await state()).toMatchObject({ running, closing: [], recent: [{ deploy: waiting, phase: 'aborted' }] })
    expect((await state())?.waiting).toBeUndefined()
    expect((await readRollout(documents, running)).phase).toBe('queued')
  })

  it('is kept, in order, for one that nobody carries yet', async () => {
    const { say, controls } = await aService()
    expect((await say(waiting, 'pause')).rollout.phase).toBe('queued')
    await say(waiting, 'resume', 'bob')
    expect(await controls(waiting)).toMatchObject([
      { number: 1, kind: 'pause', by: 'alice' },
      { number: 2, kind: 'resume', by: 'bob' },
    ])
  })

  it('takes into account what it was told before', async () => {
    const { say } = await aService()
    await expect(say(waiting, 'resume')).rejects.toMatchObject({ code: 'control-refused' })
    await say(waiting, 'pause')
    await expect(say(waiting, 'pause')).rejects.toMatchObject({
      code: 'control-refused',
      message: 'web.production.2 cannot be paused: it is paused already.',
    })
  })

  it('keeps one of two that are said at once and contradict each other', async () => {
    const { say, controls } = await aService()
    const said = await Promise.allSettled([say(waiting, 'pause'), say(waiting, 'pause', 'bob')])
    expect(said.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await controls(waiting)).toHaveLength(1)
  })

  it('counts as said after what was asked for anew, though the clock of the worker that asked is ahead', async () => {
    const { documents, say, controls } = await aService()
    const at = Date.now() + 3_600_000
    await documents.update(headDocument, keys.deployHead('web', running), (head) => {
      const approvals = { needed: 1, expireHours: 72 }
      return (
        head && {
          ...head,
          phase: 'gated' as const,
          approvals,
          askedAnew: { at, reason: 'web1 is another class of node now.' },
        }
      )
    })
    await say(running, 'approve')
    expect(await controls(running)).toMatchObject([{ kind: 'approve', at: new Date(at).toISOString() }])
  })

  it('leaves a store that fsck knows every document of', async () => {
    const { documents, say } = await aService()
    await say(waiting, 'pause')
    await say(waiting, 'abort')
    const found: unknown[] = []
    await checkDocuments(documents, (finding) => found.push(finding))
    expect(found).toEqual([])
  })

  it('refuses one that there is not', async () => {
    const { say } = await aService()
    await expect(say('web.production.99', 'pause')).rejects.toMatchObject({ code: 'deploy-not-found' })
  })
})
