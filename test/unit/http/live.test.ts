import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { headDocument } from '../../../src/deploy/documents.ts'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import type { Rollout } from '../../../src/deploy/rollout/model.ts'
import { follow, type SeenDeploy } from '../../../src/deploy/watch.ts'
import { liveFormOf, sendLive } from '../../../src/http/live.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { keys } from '../../../src/objects/keys.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { inProcessBus } from '../../../src/queue/in-process-bus.ts'
import { run } from '../../support/run.ts'
import { useTool } from '../../support/tools.ts'

const deploy = 'web.production.1'
const head = keys.deployHead('web', deploy)

/** A server that shows one deploy live, with the status in which it ends as the result. */
async function aServer() {
  const documents = documentsOn(new MemoryStore())
  const bus = inProcessBus(() => undefined)
  await documents.create(headDocument, head, newRollout({ deploy, service: 'web', project: 'app', version: '1.0' }, 0))
  const app = new Koa()
  app.silent = true
  app.use((context) => {
    const seen = follow({ documents, bus, clock: systemClock }, [deploy], 60, new AbortController().signal)
    const result = ([seen]: readonly SeenDeploy[]) => ({
      status: seen?.rollout.phase === 'succeeded' ? 200 : 424,
      text: `It ${seen?.rollout.phase}.`,
      json: { phase: seen?.rollout.phase },
    })
    const form = liveFormOf(context)
    if (form === undefined) context.body = 'whole'
    else
      sendLive(context, { seen, form, clock: systemClock, externalUrl: 'http://index', message: 'Promoted.', result })
  })
  const server = createServer(app.callback()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async become(change: Partial<Rollout>) {
      const written = await documents.update(headDocument, head, (rollout) => rollout && { ...rollout, ...change })
      bus.publish({ topic: 'deploy', id: deploy, serial: written?.serial ?? 0 })
      // Each change is to be seen by itself; two at once are one to whoever watches.
      await new Promise((resolve) => setTimeout(resolve, 50))
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const node = (state: Rollout['nodes'][number]['state']) => ({ name: 'n1', state })

describe('a deploy watched live', () => {
  it('is told line by line to curl, which ends well when the deploy does', async () => {
    await using server = await aServer()
    const watched = run([...useTool('curl'), '-fsSN', '-H', 'Accept: text/plain', server.url])
    await server.become({ phase: 'staging', nodes: [node('ready')] })
    await server.become({ phase: 'rolling', nodes: [node('activating')] })
    await server.become({ phase: 'succeeded', nodes: [node('updated')] })
    const { code, stdout } = await watched
    expect(code).toBe(0)
    expect(stdout.split('\n')[0]).toBe('Promoted.')
    expect(stdout).toContain('web.production.1: app 1.0 on web switches node after node.\n  n1  restarting\n')
    expect(stdout).toMatch(/n1 {2}runs it\nIt succeeded\.\n$/)
  })

  it('is cut short after its last line when it failed, so that curl -f fails too', async () => {
    await using server = await aServer()
    const watched = run([...useTool('curl'), '-fsSN', '-H', 'Accept: text/plain', server.url])
    await server.become({ phase: 'failed', reason: 'n1: pip found no wheel' })
    const { code, stdout } = await watched
    expect(stdout).toMatch(/ {2}Reason: n1: pip found no wheel\nIt failed\.\n$/)
    expect(code).toBe(18)
  })

  it('comes as server-sent events: the whole deploy each time, with a number, and the result at the end', async () => {
    await using server = await aServer()
    const watched = run([...useTool('curl'), '-fsSN', '-H', 'Accept: text/event-stream', server.url])
    await server.become({ phase: 'rolling', nodes: [node('verifying')] })
    await server.become({ phase: 'failed', reason: 'it did' })
    const { code, stdout } = await watched
    expect(code).toBe(0)
    const last = stdout.split('\n\n').at(-3) ?? ''
    expect(last).toMatch(/^id: 3\nevent: deploy\ndata: \{"id":"web\.production\.1".*"phase":"failed"/)
    expect(stdout).toMatch(/event: result\ndata: \{"status":424,"phase":"failed"\}\n\n$/)
  })

  it('is one whole answer to a client that takes anything, as its status comes before it', async () => {
    await using server = await aServer()
    expect((await run([...useTool('curl'), '-fsS', server.url])).stdout).toBe('whole')
  })
})
