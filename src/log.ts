/** Lines of JSON for machines, with a sentence in `message` for people. Never secrets, never bodies. */
export interface Log {
  info(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export type LogFields = Readonly<Record<string, unknown>>

export function jsonLog(write: (line: string) => void, now: () => number): Log {
  const line =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`)
  return { info: line('info'), error: line('error') }
}
