import { type Audit, auditIn } from '../audit/audit.ts'
import type { Actor } from '../audit/model.ts'
import { systemClock } from '../clock.ts'
import { jsonLog } from '../log.ts'
import type { Documents } from '../objects/documents.ts'
import type { Terminal } from './command.ts'

/** Where commands beside the store keep what they changed. */
export function commandAudit(documents: Documents, { printError }: Terminal): Audit {
  return auditIn(
    documents,
    systemClock,
    jsonLog((line) => printError(line.trimEnd())),
  )
}

/** Who gave a command, as far as the machine tells. */
export function commandActor({ environment }: Terminal): Actor {
  return { token: 'command', name: environment['USER'] ?? 'unknown', from: 'the command line' }
}
