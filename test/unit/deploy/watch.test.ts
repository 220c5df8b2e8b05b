import { expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import { watchUntil } from '../../../src/deploy/watch.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'

const deploy = 'web.production.1'

it('waits for a deploy by looking, where the bus refuses subscribers', async () => {
  const documents = documentsOn(new MemoryStore())
  const head = newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0)
  await documents.create(headDocument, keys.deployHead('web', deploy), head)
  const bus = { ...inProcessBus(() => undefined), subscribe: () => Promise.reject(new Error('NOPERM')) }
  const strays: unknown[] = []
  const stray = (error: unknown) => strays.push(error)
  process.prependListener('unhandledRejection', stray)
  const ports = { documents, bus, clock: systemClock }
  const isOver = ({ phase }: { readonly phase: string }) => phase === 'succeeded'
  const watched = watchUntil(ports, [deploy], 60, isOver, new AbortController().signal)
  await new Promise((resolve) => setImmediate(resolve))
  await documents.update(headDocument, keys.deployHead('web', deploy), () => ({ ...head, phase: 'succeeded' }))
  expect((await watched).map(({ phase }) => phase)).toEqual(['succeeded'])
  process.removeListener('unhandledRejection', stray)
  expect(strays).toEqual([])
})
