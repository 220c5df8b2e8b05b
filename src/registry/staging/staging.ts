import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { DomainError } from '../../errors.ts'
import { storageError } from '../../objects/disk-errors.ts'
import { startThread, type WorkerThread } from '../../threads/worker-thread.ts'
import type { Inspection } from '../inspection.ts'
import type { Algorithm, Digests, StagingAnswer, StagingRequest } from './messages.ts'

/** Bytes that may be under way to a thread before the sender has to wait: bounds the memory of an upload. */
const window = 512 * 1024

/** An upload on its way to local disk. Whatever happens, `discard` removes it. */
export interface StagedFile {
  readonly path: string
  /** Takes the bytes; finishing it means that they are on disk and digested. */
  readonly sink: Writable
  /** After `sink` has finished. */
  result(): { readonly size: number; readonly digests: Digests }
  inspect(filename: string): Promise<Inspection>
  discard(): void
}

export interface Staging extends AsyncDisposable {
  stage(algorithms: readonly Algorithm[]): StagedFile
}

/** Spools uploads through a few threads (`script` is the compiled `thread.ts`) into `folder`, which is ours alone. */
export function openStaging(folder: string, script: URL, threads: number): Staging {
  const workers = Array.from({ length: threads }, () =>
    startThread<StagingRequest, StagingAnswer>(script, (session, message) => ({ kind: 'failed', session, message })),
  )
  let opened = 0
  return {
    stage(algorithms) {
      const worker = workers[opened++ % threads]
      if (worker === undefined) throw new DomainError('storage-unavailable', 'There is no thread to take the upload.')
      return stagedFile(worker, join(folder, randomUUID()), opened, algorithms)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.stop()))
    },
  }
}

type Thread = WorkerThread<StagingRequest, StagingAnswer>

type Of<K extends StagingAnswer['kind']> = Extract<StagingAnswer, { kind: K }>

function stagedFile(thread: Thread, path: string, session: number, algorithms: readonly Algorithm[]): StagedFile {
  let underWay = 0
  let failed: Error | undefined
  let finished: Of<'finished'> | undefined
  let resume: (() => void) | undefined
  let settle: ((answer: Of<'finished' | 'inspected'> | Error) => void) | undefined

  function hear(answer: StagingAnswer): void {
    if (answer.kind === 'written') underWay -= answer.bytes
    else if (answer.kind === 'failed')
      failed = storageError(path, Object.assign(new Error(answer.message), { code: answer.errno }))
    else settle?.(answer)
    if (failed !== undefined) settle?.(failed)
    if (failed !== undefined || underWay < window) resume?.()
  }
  const answered = <K extends 'finished' | 'inspected'>(request: StagingRequest) =>
    new Promise<Of<K>>((resolve, reject) => {
      settle = (answer) => (answer instanceof Error ? reject(answer) : resolve(answer as Of<K>))
      if (failed === undefined) thread.send(request)
      else reject(failed)
    })

  thread.send({ kind: 'open', session, path, algorithms }, hear)
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      underWay += chunk.length
      thread.send({ kind: 'chunk', session, bytes: chunk })
      resume = () => {
        resume = undefined
        done(failed)
      }
      if (underWay < window || failed !== undefined) resume()
    },
    final(done) {
      answered<'finished'>({ kind: 'finish', session }).then((answer) => {
        finished = answer
        done()
      }, done)
    },
  })
  return {
    path,
    sink,
    result() {
      if (finished === undefined) throw new DomainError('invalid-upload', 'The upload has not arrived whole.')
      return { size: finished.size, digests: finished.digests }
    },
    async inspect(filename) {
      const answer = await answered<'inspected'>({ kind: 'inspect', session, filename })
      return answer.inspection
    },
    discard() {
      thread.send({ kind: 'discard', session, path })
      thread.forget(session)
    },
  }
}
