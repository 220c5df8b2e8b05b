import { z } from 'zod'
import type { Log } from '../log.ts'
import type { Notifier } from './model.ts'

/** As `deploy-notice.ts` makes it. */
const told = z.looseObject({ type: z.string(), text: z.string(), data: z.unknown() })

/** A line in the log of the worker, for whatever collects those: the sentence as its message, the rest as fields. */
export function logNotices(log: Pick<Log, 'info'>): Notifier {
  return {
    async deliver({ id, receiver, body }) {
      const { type, text, data } = told.parse(JSON.parse(body))
      log.info(text, { notice: id, receiver, type, data })
      return 'delivered'
    },
  }
}
