import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { inspectArchive } from '../inspection.ts'
import { digester } from './digester.ts'
import type { StagingAnswer, StagingRequest } from './messages.ts'

interface Session {
  readonly path: string
  readonly descriptor: number
  readonly digests: Awaited<ReturnType<typeof digester>>
  size: number
}

/**
 * The work of a staging thread: writes an upload's bytes to its spool file, digests them on the way, and inspects the
 * finished archive. All of it blocks, which is why it has a thread of its own: a page never waits for an upload.
 */
export function stagingSessions(post: (answer: StagingAnswer) => void): (request: StagingRequest) => Promise<void> {
  const sessions = new Map<number, Session>()

  async function handle(request: StagingRequest): Promise<void> {
    const { session } = request
    if (request.kind === 'open') {
      const digests = await digester(request.algorithms)
      sessions.set(session, { path: request.path, descriptor: openSync(request.path, 'wx', 0o600), digests, size: 0 })
      return
    }
    const open = sessions.get(session)
    if (request.kind === 'discard') {
      sessions.delete(session)
      if (open !== undefined) closeSync(open.descriptor)
      // Also where the thread that wrote it has died.
      return rmSync(request.path, { force: true })
    }
    if (open === undefined) return
    if (request.kind === 'chunk') {
      writeAll(open.descriptor, request.bytes)
      open.digests.update(request.bytes)
      open.size += request.bytes.length
      post({ kind: 'written', session, bytes: request.bytes.length })
    } else if (request.kind === 'finish') {
      post({ kind: 'finished', session, size: open.size, digests: open.digests.digests() })
    } else {
      post({ kind: 'inspected', session, inspection: await inspectArchive(open.path, request.filename) })
    }
  }

  // One request after another within an upload: opening is asynchronous, and the chunks behind it must wait. Other uploads
  // need not wait for the inspection of a large one.
  const last = new Map<number, Promise<void>>()
  return (request) => {
    const { session } = request
    const before = last.get(session) ?? Promise.resolve()
    const done = before.then(() => handle(request)).catch((error: unknown) => post(failure(session, error)))
    last.set(session, done)
    return request.kind === 'discard' ? done.then(() => void last.delete(session)) : done
  }
}

function failure(session: number, error: unknown): StagingAnswer {
  const { message, code } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: `${error}` }
  return { kind: 'failed', session, message, ...(code === undefined ? {} : { errno: code }) }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at)
}
