import { Command, CommanderError } from 'commander'
import type { Environment } from '../config/environment.ts'
import type { ServerThreads } from '../services.ts'
import { auditCommand } from './audit.ts'
import { clientCommands } from './client/commands.ts'
import { copyCommand } from './copy.ts'
import { fsckCommand } from './fsck.ts'
import { hostsCommands } from './hosts.ts'
import { sweepCommand } from './sweep.ts'
import { tokenCommands } from './token.ts'

/** A terminal that knows the control sequences of ECMA-48. */
export interface Screen {
  readonly write: (text: string) => void
  readonly size: () => { readonly columns: number; readonly rows: number }
}

/** What a command may touch of the process that runs it. */
export interface Terminal {
  readonly environment: Environment
  /** From which relative paths are seen. */
  readonly folder: string
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  /** Where stdout is a terminal on which lines can be drawn anew, and a person looks at it. */
  readonly screen?: Screen | undefined
  /** The compiled entries of a server's threads. */
  readonly threads: ServerThreads
  /** The exit status of the process, once it ends by itself. */
  readonly exitWith: (code: number) => void
  /** Called whenever the process is told to read its configuration anew (SIGHUP); without any, that ends it. */
  readonly onHangUp: (act: () => void) => void
  /** Aborted when the process is told to stop. */
  readonly signal: AbortSignal
}

/** What servers are made of is loaded by those that are one: other commands answer in a fraction of the time. */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<void> {
  const program = new Command('wheelhouse')
    .description('A self-hosted Python package index that deploys.')
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.printError(text.trimEnd()),
    })
    .exitOverride()
  program
    .command('serve')
    .description('run the server')
    .action(async () => (await import('./serve.ts')).serve(terminal))
  program
    .command('worker')
    .description('carry deploys, beside any number of servers and workers on the same bucket')
    .action(async () => (await import('./worker.ts')).runWorker(terminal))
  program.addCommand(tokenCommands(terminal))
  program.addCommand(hostsCommands(terminal))
  program.addCommand(auditCommand(terminal))
  program.addCommand(fsckCommand(terminal))
  program.addCommand(sweepCommand(terminal))
  program.addCommand(copyCommand(terminal))
  for (const command of clientCommands(terminal)) program.addCommand(command)
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) terminal.exitWith(2)
  }
}
