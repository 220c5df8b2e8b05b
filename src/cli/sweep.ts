import { randomUUID } from 'node:crypto'
import { Command } from 'commander'
import { neededFilesIn } from '../channels/needed-files.ts'
import { systemClock } from '../clock.ts'
import { loadConfig } from '../config/load.ts'
import { documentsOn } from '../objects/documents.ts'
import { segmentsIn } from '../registry/segments.ts'
import { openStore } from '../store.ts'
import { sweep } from '../upkeep/sweep.ts'
import { sweepDeploys } from '../upkeep/sweep-deploys.ts'
import type { Swept } from '../upkeep/sweep-project.ts'
import { sweepTokens } from '../upkeep/sweep-tokens.ts'
import type { Terminal } from './command.ts'
import { counted, sizeText } from './progress.ts'

/** `wheelhouse sweep`: what a running server does every hour, seen first and done by hand. */
export function sweepCommand(terminal: Terminal): Command {
  return new Command('sweep')
    .description(
      'list bytes that no upload came to use, files deleted long ago, and old deploys; beside running servers too',
    )
    .option('--delete', 'remove them')
    .exitOverride()
    .action(async (options: { readonly delete?: true }) => {
      const removing = options.delete === true
      for (const line of linesOf(await run(terminal, !removing), removing)) terminal.print(line)
    })
}

async function run(terminal: Terminal, dryRun: boolean): Promise<readonly Swept[]> {
  const config = loadConfig(terminal.environment, terminal.folder)
  await using opened = await openStore(config, 'share')
  const documents = documentsOn(opened.store)
  const ports = {
    documents,
    segments: segmentsIn(documents, 16 * 1024 * 1024),
    clock: systemClock,
    neededBy: neededFilesIn(documents),
    settings: config.sweep,
    holder: randomUUID(),
    startedAt: systemClock.now(),
    signal: terminal.signal,
  }
  const report = (text: string) => terminal.print(text)
  const deploys = await sweepDeploys({ ...ports, retention: config.retention, report }, dryRun)
  return [...deploys, ...(await sweepTokens(ports, dryRun)), ...(await sweep(ports, dryRun))]
}

function linesOf(swept: readonly Swept[], removed: boolean): readonly string[] {
  const bytes = swept.reduce((sum, { size }) => sum + size, 0)
  const what = `${counted(swept.length, 'object')}, ${sizeText(bytes)}`
  const lines = swept.map(({ key, size, why }) => `${why.padEnd(7)}  ${key}  (${sizeText(size)})`)
  if (swept.length === 0) return ['There is nothing to sweep.']
  return [...lines, removed ? `Removed ${what}.` : `${what}. Nothing was removed: «wheelhouse sweep --delete» does.`]
}
