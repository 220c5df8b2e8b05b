import { existsSync, readFileSync } from 'node:fs'
import { messageOf } from '../../src/errors.ts'
import { DemoFailure, type FailureDetails } from './demo-failure.ts'
import { serverLog } from './server.ts'
import type { Stage } from './stage.ts'

/** What failed, what it said, what to do; and what the server said last, as its log goes with the scratch folder. */
export function reportFailure({ narrator, scratch }: Stage, error: unknown): void {
  const { command, output, remedy } = detailsOf(error)
  narrator.problem(`The demo stopped: ${messageOf(error)}`)
  if (command !== undefined) narrator.command(command)
  narrator.output(output ?? '')
  const log = lastEntries(serverLog(scratch))
  if (log !== '') {
    narrator.say('The log of the server ends with')
    narrator.output(log)
  }
  narrator.say(`What to do: ${remedy}`)
}

function detailsOf(error: unknown): FailureDetails {
  if (error instanceof DemoFailure) return error.details
  const output = error instanceof Error ? error.stack : undefined
  return { ...(output === undefined ? {} : { output }), remedy: 'nobody foresaw this; it is a bug worth a report.' }
}

/** Of the JSON lines; before them stands what the server printed for a person. */
function lastEntries(file: string): string {
  if (!existsSync(file)) return ''
  const entries = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('{'))
  return entries.slice(-8).join('\n')
}
