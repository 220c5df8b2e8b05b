import { Command } from 'commander'
import { systemClock } from '../clock.ts'
import { loadConfig } from '../config/load.ts'
import { messageOf } from '../errors.ts'
import { type Documents, documentsOn } from '../objects/documents.ts'
import { openStore } from '../store.ts'
import { explanations, type Finding } from '../upkeep/findings.ts'
import { type FsckReport, fsck } from '../upkeep/fsck.ts'
import { repair } from '../upkeep/repair.ts'
import { scratchFolder } from '../upkeep/scratch-folder.ts'
import type { Terminal } from './command.ts'
import { counted, progressLine, sizeText } from './progress.ts'

interface Options {
  readonly json?: true
  readonly repair?: true
}

interface Outcome extends FsckReport {
  readonly repaired: readonly Finding[]
}

/** A repair may bring to light what the next one mends: a head first, then the records that it lacks. */
const mostRounds = 4

/** `wheelhouse fsck`: is the store whole? Exits with 0 where it is, 1 with findings, 2 where it could not be run. */
export function fsckCommand(terminal: Terminal): Command {
  return new Command('fsck')
    .description('read the whole store and tell what is not as it should be; beside running servers or without one')
    .option('--repair', 'mend what segments, history and audit prove was committed; list the rest')
    .option('--json', 'one JSON object')
    .exitOverride()
    .action(async (options: Options) => {
      try {
        const outcome = await look(terminal, options)
        terminal.print(options.json === true ? json(outcome) : text(outcome))
        if (outcome.findings.length > 0) terminal.exitWith(1)
      } catch (error) {
        terminal.printError(`wheelhouse fsck could not be run: ${messageOf(error)}`)
        terminal.exitWith(2)
      }
    })
}

async function look(terminal: Terminal, options: Options): Promise<Outcome> {
  await using opened = await openStore(loadConfig(terminal.environment, terminal.folder), 'share')
  const documents = documentsOn(opened.store)
  const repaired: Finding[] = []
  let report = await checked(documents)
  for (let round = 0; options.repair === true && round < mostRounds && report.findings.length > 0; round++) {
    await using scratch = await scratchFolder()
    const ports = { documents, scratch: scratch.path, at: new Date(systemClock.now()).toISOString() }
    const mended = await repair(ports, report.findings)
    if (mended.length === 0) break
    repaired.push(...mended)
    report = await checked(documents)
  }
  return { ...report, repaired }
}

async function checked(documents: Documents): Promise<FsckReport> {
  const line = progressLine()
  try {
    return await fsck({
      documents,
      clock: systemClock,
      progress: ({ projects, files, bytes }) =>
        line.show(`${counted(projects, 'project')}, ${counted(files, 'file')}, ${sizeText(bytes)} read`),
    })
  } finally {
    line.end()
  }
}

function json({ findings, repaired, ...counts }: Outcome): string {
  const explained = findings.map((finding) => ({ ...finding, ...explanations[finding.id] }))
  return JSON.stringify({ clean: findings.length === 0, ...counts, findings: explained, repaired })
}

/** Findings of one kind together, so that what they mean is told once. */
function text({ findings, repaired, projects, files, bytes }: Outcome): string {
  const lines = repaired.map((finding) => `repaired  ${lineOf(finding)}`)
  for (const id of new Set(findings.map((finding) => finding.id))) {
    const { means, todo } = explanations[id]
    lines.push(`${id}: ${means}`, `  ${todo}`)
    lines.push(...findings.filter((finding) => finding.id === id).map((finding) => `    ${lineOf(finding)}`))
  }
  const read = `${counted(projects, 'project')}, ${counted(files, 'file')}, ${sizeText(bytes)} read`
  const verdict = findings.length === 0 ? 'The store is whole' : counted(findings.length, 'finding')
  return [...lines, `${verdict}: ${read}.`].join('\n')
}

function lineOf({ key, detail }: Finding): string {
  return detail === undefined ? key : `${key} (${detail})`
}
