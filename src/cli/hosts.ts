import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { loadConfig } from '../config/load.ts'
import type { PlannedNode } from '../deploy/documents.ts'
import { planNode } from '../deploy/fleet.ts'
import { fingerprintOf, placeOf } from '../deploy/ssh/known-hosts.ts'
import { type HostKey, showHostKey, trustHostKey } from '../deploy/trust-hosts.ts'
import { DomainError, messageOf } from '../errors.ts'
import type { openTrust } from '../services.ts'
import type { Terminal } from './command.ts'
import { commandActor, commandAudit } from './command-audit.ts'

/** `wheelhouse hosts trust`: shows the host keys of the fleets, and records those that a person says yes to. */
export function hostsCommands(terminal: Terminal): Command {
  const command = new Command('hosts').description('host keys of the nodes').exitOverride()
  command
    .command('trust [names...]')
    .description('show the host keys of all nodes (or of these nodes and services), and record them once confirmed')
    .option('-y, --yes', 'record without asking: only where you know by other means that nobody stands in between')
    .option('--replace', 'also those whose key has changed')
    .action((names: string[], options: TrustOptions) => trust(terminal, names, options))
  return command
}

interface TrustOptions {
  readonly yes?: boolean
  readonly replace?: boolean
}

async function trust(terminal: Terminal, names: readonly string[], options: TrustOptions): Promise<void> {
  const config = loadConfig(terminal.environment, terminal.folder)
  const services = await import('../services.ts')
  await using ports = await services.openTrust(config)
  const audit = commandAudit(ports.documents, terminal)
  let failed = false
  for (const node of await nodesNamed(ports, config.services, names)) {
    try {
      const shown = await showHostKey(ports, node)
      terminal.print(lineOf(shown))
      if (!mayRecord(shown, options)) failed ||= shown.verdict !== 'trusted'
      else if (options.yes || (await confirmed(shown))) {
        await trustHostKey(ports, shown)
        await audit.record({ ...trusted(shown), actor: commandActor(terminal) })
        terminal.print('  recorded')
        for (const line of standing(shown)) terminal.print(`  ${line}`)
      } else failed = true
    } catch (error) {
      terminal.printError(messageOf(error))
      failed = true
    }
  }
  await audit.settled()
  if (failed) throw new DomainError('host-key-unknown', 'Not all nodes are trusted: see above.')
}

/** For the audit: which machine is let in, by which key, and which one counted before. */
function trusted({ node, fingerprint, verdict, against }: HostKey) {
  return {
    action: 'host-trust',
    subject: `${node.address}:${node.port}`,
    outcome: 'done',
    before: { verdict, known: against.map(({ key }) => fingerprintOf(key)) },
    after: { node: node.name, fingerprint },
  } as const
}

async function nodesNamed(
  { discovery }: Awaited<ReturnType<typeof openTrust>>,
  services: ReturnType<typeof loadConfig>['services'],
  names: readonly string[],
): Promise<PlannedNode[]> {
  const found = new Map<string, PlannedNode>()
  for (const [service, definition] of Object.entries(services)) {
    for (const node of await discovery.nodes(definition)) {
      const planned = planNode(node, definition)
      for (const host of [...jumpHostsOf(planned), planned]) {
        const wanted = names.length === 0 || [service, node.name, host.name].some((name) => names.includes(name))
        if (wanted) found.set(`${host.address}:${host.port}`, host)
      }
    }
  }
  if (found.size > 0) return [...found.values()]
  throw new DomainError(
    'configuration',
    `No node of any service is meant by ${names.join(', ') || 'the configuration'}.`,
  )
}

/** They come before the nodes behind them: those can only be asked through hosts that are trusted. */
function jumpHostsOf(node: PlannedNode): PlannedNode[] {
  const { jump = [] } = node
  return jump.map((host, at) => ({ ...node, ...host, name: host.address, jump: jump.slice(0, at) }))
}

function mayRecord({ verdict }: HostKey, { replace }: TrustOptions): boolean {
  return verdict === 'unknown' || verdict === 'certificate-authority' || (verdict === 'changed' && replace === true)
}

/** Not ours to change: who has the old key is let in as long as it stands there. */
function standing({ verdict, against }: HostKey): readonly string[] {
  const inFile = verdict === 'changed' ? against.filter(({ at }) => at !== undefined) : []
  return inFile.map((entry) => `the old key stands in ${placeOf(entry)} and counts as well, until you take it out`)
}

function lineOf({ node, fingerprint, verdict }: HostKey): string {
  const notes: Readonly<Record<HostKey['verdict'], string>> = {
    trusted: 'trusted already',
    unknown: 'not known yet',
    changed: 'CHANGED: another key is on record. Find out why before you use --replace',
    revoked: 'REVOKED',
    'certificate-authority': 'known by its certificate authority only',
  }
  return `${node.name} (${node.address}:${node.port})  ${fingerprint}  ${notes[verdict]}`
}

/** Without a terminal nobody can say yes. */
async function confirmed({ node }: HostKey): Promise<boolean> {
  if (!process.stdin.isTTY) {
    const text = `Nobody is there to confirm the key of ${node.name}. Compare it with the machine's own, then use --yes.`
    throw new DomainError('host-key-unknown', text)
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await asking.question('  Is this the key of that machine (ssh-keygen -lf on it)? [y/N] ')
  asking.close()
  return /^y(es)?$/i.test(answer.trim())
}
