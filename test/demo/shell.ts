import { join } from 'node:path'
import { hermeticPythonEnv } from '../support/python-env.ts'
import { run } from '../support/run.ts'
import { DemoFailure } from './demo-failure.ts'
import { unlessAborted } from './interruption.ts'
import type { Narrator } from './narrator.ts'

export interface Shell {
  /** Of every command: nothing of this machine's pip, proxy or Wheelhouse configuration reaches it. */
  readonly environment: Readonly<Record<string, string>>
  /** Prints the command, runs it through `sh -c` as it stands, prints what it said, and resolves to that. */
  run(command: string, expected?: ExpectedExit): Promise<string>
}

/** A status other than 0, with the words for it. */
export interface ExpectedExit {
  readonly status: number
  readonly meaning: string
}

export function shellIn(scratch: string, narrator: Narrator, signal: AbortSignal): Shell {
  const environment = hermeticPythonEnv(join(scratch, 'home'), { PATH: process.env['PATH'] ?? '' })
  return {
    environment,
    async run(command, expected = { status: 0, meaning: '' }) {
      narrator.command(command)
      // Both of its streams as a terminal shows them: in the order of writing.
      const running = run(['sh', '-c', `exec 2>&1\n${command}`], { env: environment, cwd: scratch, timeoutMs: 400_000 })
      const { code, stdout: output } = await unlessAborted(signal, running)
      if (code !== expected.status) throw unexpected(command, code, expected, output)
      narrator.output(output)
      if (expected.status !== 0) narrator.say(`(exit status ${code}: ${expected.meaning})`)
      return output
    },
  }
}

function unexpected(command: string, code: number, expected: ExpectedExit, output: string): DemoFailure {
  const instead = expected.status === 0 ? '' : `, not ${expected.status}`
  return new DemoFailure(`A command ended with exit status ${code}${instead}.`, {
    command,
    output,
    remedy:
      'see what it said. `npm run demo -- --keep` leaves everything running where it stops, so that you can paste the ' +
      'command and look around.',
  })
}
