import { Command } from 'commander'
import type { Audit } from '../audit/audit.ts'
import { systemClock } from '../clock.ts'
import { loadConfig } from '../config/load.ts'
import { DomainError } from '../errors.ts'
import { type Grant, parseGrant, scopes } from '../identity/scopes.ts'
import { isAlive, type Token } from '../identity/token.ts'
import { type Tokens, tokensIn } from '../identity/tokens.ts'
import { documentsOn } from '../objects/documents.ts'
import { openStore } from '../store.ts'
import type { Terminal } from './command.ts'
import { commandActor, commandAudit } from './command-audit.ts'

/** `wheelhouse token create|list|revoke`, beside a running server or without one. */
export function tokenCommands(terminal: Terminal): Command {
  const command = new Command('token').description('make, list and revoke tokens').exitOverride()
  command
    .command('create <name>')
    .description('make a token; it is printed once and kept nowhere')
    .requiredOption(
      '--scope <scope...>',
      `what it may do: ${scopes.join(', ')}; upload:app or upload:acme-* for these projects alone`,
    )
    .option('--user <user>', 'who uses it, where one person has several; the name when left out')
    .option('--days <days>', 'how long it lives; for ever when left out')
    .action((name: string, options: { scope: string[]; user?: string; days?: string }) =>
      withTokens(terminal, async (tokens, audit) => {
        const { user, days } = options
        const request = { name, scopes: parseScopes(options.scope), ...(user && { user }), ...expiry(days) }
        const { token, text } = await tokens.create(request)
        const { scopes, expiresAt } = token
        await audit.record({ ...changed('token-create', token, terminal), after: { name, user, scopes, expiresAt } })
        terminal.print(text)
      }),
    )
  command
    .command('list')
    .description('list the tokens, never their secrets')
    .action(() =>
      withTokens(terminal, async (tokens) => {
        for (const token of await tokens.list()) terminal.print(lineOf(token))
      }),
    )
  command
    .command('revoke <id>')
    .description('end a token')
    .action((id: string) =>
      withTokens(terminal, async (tokens, audit) => {
        const token = await tokens.revoke(id)
        await audit.record({ ...changed('token-revoke', token, terminal), before: { name: token.name } })
        terminal.print(`Revoked "${token.name}" (${token.id}). Servers refuse it within five seconds.`)
      }),
    )
  return command
}

async function withTokens(
  terminal: Terminal,
  use: (tokens: Tokens, audit: Pick<Audit, 'record'>) => Promise<void>,
): Promise<void> {
  await using opened = await openStore(loadConfig(terminal.environment, terminal.folder), 'share')
  const documents = documentsOn(opened.store)
  const audit = commandAudit(documents, terminal)
  await use(tokensIn(documents, systemClock), audit)
  await audit.settled()
}

function changed(action: string, token: Token, terminal: Terminal) {
  return { action, actor: commandActor(terminal), subject: token.id, outcome: 'done' } as const
}

function parseScopes(given: readonly string[]): Grant[] {
  return given
    .flatMap((text) => text.split(','))
    .map((text) => {
      const parsed = parseGrant(text)
      if ('grant' in parsed) return parsed.grant
      throw new DomainError('configuration', parsed.problem)
    })
}

function expiry(days: string | undefined): { expiresAt?: string } {
  if (days === undefined) return {}
  const count = Number(days)
  if (!(count > 0 && count <= 36_500))
    throw new DomainError('configuration', `--days takes a number of days, not "${days}".`)
  return { expiresAt: new Date(systemClock.now() + count * 86_400_000).toISOString() }
}

function lineOf(token: Token): string {
  const state = token.revokedAt !== undefined ? 'revoked' : isAlive(token, systemClock.now()) ? 'alive' : 'expired'
  const until = token.expiresAt === undefined ? 'no expiry' : `until ${token.expiresAt.slice(0, 10)}`
  return [
    token.id,
    state.padEnd(7),
    token.scopes.join(','),
    `since ${token.createdAt.slice(0, 10)}`,
    until,
    token.lastUsedOn === undefined ? 'never used' : `used ${token.lastUsedOn}`,
    token.user === undefined ? token.name : `${token.name} (${token.user})`,
  ].join('  ')
}
