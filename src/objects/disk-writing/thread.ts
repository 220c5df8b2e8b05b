import { parentPort } from 'node:worker_threads'
import { messageOf } from '../../errors.ts'
import type { DiskWriteAnswer, DiskWriteRequest } from './messages.ts'
import { carryOut } from './write.ts'

/** Entry of a disk-writing thread. */
parentPort?.on('message', ({ session, write }: DiskWriteRequest) => {
  parentPort?.postMessage(answerTo(session, () => carryOut(write)))
})

function answerTo(session: number, act: () => ReturnType<typeof carryOut>): DiskWriteAnswer {
  try {
    return { session, outcome: act() }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { session, message: messageOf(error), ...(code === undefined ? {} : { errno: code }) }
  }
}
