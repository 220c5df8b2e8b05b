import { pino } from 'pino'

/** Lines of JSON for machines, with a sentence in `message` for people. Never secrets, never bodies. */
export interface Log {
  info(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, unknown>>

/** Names of fields that must not be seen, whoever passes them by mistake. */
const secret = ['authorization', 'password', 'secret', 'cookie'].flatMap((name) => [name, `*.${name}`])

/** By pino, a line at once for each entry: nothing waits in a buffer when the process dies. */
export function jsonLog(write: (line: string) => void): Log {
  const logger = pino(
    {
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      redact: { paths: secret, censor: '[secret]' },
    },
    { write },
  )
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  }
}
