import { parentPort } from 'node:worker_threads'
import type { StagingRequest } from './messages.ts'
import { stagingSessions } from './session.ts'

/** Entry of a staging thread. */
const port = parentPort
if (port !== null) {
  const handle = stagingSessions((answer) => port.postMessage(answer))
  port.on('message', (request: StagingRequest) => void handle(request))
}
