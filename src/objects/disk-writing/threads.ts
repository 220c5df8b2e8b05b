import { startThread, type WorkerThread } from '../../threads/worker-thread.ts'
import type { DiskWriteAnswer, DiskWriteRequest } from './messages.ts'
import type { DiskWriter } from './write.ts'

export interface DiskWriterThreads extends AsyncDisposable {
  readonly carryOut: DiskWriter
}

/** Carries writes out on a few threads (`script` is the compiled `thread.ts`): while one waits for the disk, others write. */
export function diskWriterThreads(script: URL, threads: number): DiskWriterThreads {
  const workers = Array.from({ length: threads }, () =>
    startThread<DiskWriteRequest, DiskWriteAnswer>(script, (session, message) => ({ session, message })),
  )
  let sessions = 0
  return {
    carryOut(write) {
      const session = sessions++
      const worker = idlest(workers)
      return new Promise((resolve, reject) => {
        worker.send({ session, write }, (answer) => {
          worker.forget(session)
          if ('outcome' in answer) resolve(answer.outcome)
          else reject(Object.assign(new Error(answer.message), { code: answer.errno }))
        })
      })
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.stop()))
    },
  }
}

function idlest<T extends Pick<WorkerThread<never, never>, 'busy'>>(workers: readonly T[]): T {
  return workers.reduce((best, worker) => (worker.busy < best.busy ? worker : best))
}
