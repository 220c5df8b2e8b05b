import { Command } from 'commander'
import { type AuditFilter, lineOfAudit, listAudit } from '../audit/list.ts'
import { systemClock } from '../clock.ts'
import { loadConfig } from '../config/load.ts'
import { DomainError } from '../errors.ts'
import { documentsOn } from '../objects/documents.ts'
import { parseProjectName } from '../packaging/names.ts'
import { openStore } from '../store.ts'
import type { Terminal } from './command.ts'

interface Options {
  readonly day?: string
  readonly since?: string
  readonly project?: string
  readonly actor?: string
  readonly json?: true
}

/** `wheelhouse audit`: who changed what, when, from where and why; beside a running server or without one. */
export function auditCommand(terminal: Terminal): Command {
  return new Command('audit')
    .description('list changes: uploads, yanks, deletions, status, promotions, tokens')
    .option('--day <day>', 'of one day, as 2026-11-25 (UTC)')
    .option('--since <day>', 'from a day on; the last seven days when left out')
    .option('--project <name>', 'of one project')
    .option('--actor <name>', 'by one token (its name or id) or user')
    .option('--json', 'one JSON object a line')
    .exitOverride()
    .action((options: Options) => list(terminal, options))
}

async function list(terminal: Terminal, options: Options): Promise<void> {
  const filter = filterOf(options)
  await using opened = await openStore(loadConfig(terminal.environment, terminal.folder), 'share')
  for await (const entry of listAudit(documentsOn(opened.store), filter)) {
    terminal.print(options.json === true ? JSON.stringify(entry) : lineOfAudit(entry))
  }
}

function filterOf({ day, since, project, actor }: Options): AuditFilter {
  const week = new Date(systemClock.now() - 7 * 86_400_000).toISOString().slice(0, 10)
  const from = checkDay(day ?? since ?? week)
  const name = project === undefined ? undefined : (parseProjectName(project) ?? project)
  return { from, to: day, project: name, actor }
}

function checkDay(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text)) return text
  throw new DomainError('configuration', `A day is written as 2026-11-25, not "${text}".`)
}
