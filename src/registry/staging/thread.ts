import { parentPort } from 'node:worker_threads'
import { yieldToOthers } from '../../threads/priority.ts'
import type { StagingRequest } from './messages.ts'
import { stagingSessions } from './session.ts'

/** Entry of a staging thread. */
const port = parentPort
if (port !== null) {
  yieldToOthers()
  const handle = stagingSessions((answer) => port.postMessage(answer))
  port.on('message', (request: StagingRequest) => void handle(request))
}
