import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { StagingAnswer, StagingRequest } from '../../../src/registry/staging/messages.ts'
import { stagingSessions } from '../../../src/registry/staging/session.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { aWheel, writeBigWheel } from '../../support/wheels.ts'

it('takes a small upload while it inspects a large one', async () => {
  await using folder = await temporaryFolder('sessions')
  const large = await writeBigWheel(join(folder.path, 'large'), { name: 'large', version: '1.0', megabytes: 40 })
  const small = aWheel({ name: 'small', version: '1.0' })
  const answers: StagingAnswer[] = []
  const handle = stagingSessions((answer) => answers.push(answer))
  const send = async (requests: readonly StagingRequest[]) => {
    for (const request of requests) await handle(request)
  }
  const arrived = (session: number, bytes: Uint8Array, filename: string): StagingRequest[] => [
    { kind: 'open', session, path: join(folder.path, `${session}`), algorithms: [] },
    { kind: 'chunk', session, bytes },
    { kind: 'finish', session },
    { kind: 'inspect', session, filename },
  ]
  const first = arrived(1, readFileSync(large.path), large.filename)
  await send(first.slice(0, -1))
  const inspecting = send(first.slice(-1))
  await send(arrived(2, small.bytes, small.filename))
  await inspecting
  const inspected = answers.filter(({ kind }) => kind === 'inspected')
  expect(inspected.map(({ session }) => session)).toEqual([2, 1])
  expect(inspected).toMatchObject([{ inspection: { ok: true } }, { inspection: { ok: true } }])
  await send([1, 2].map((session) => ({ kind: 'discard', session, path: join(folder.path, `${session}`) })))
  expect(readdirSync(folder.path)).toEqual(['large'])
})
