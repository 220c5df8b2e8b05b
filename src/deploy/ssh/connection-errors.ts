import { DomainError } from '../../errors.ts'
import type { HostTarget } from '../remote-host.ts'
import type { Credentials } from './credentials.ts'
import { fingerprintOf, type HostKeyJudgement, type HostKeyVerdict, type KnownHost, placeOf } from './known-hosts.ts'

/** How a host is called in the middle of a sentence: of a jump host people know the address alone. */
export function labelOf({ name, address, port, isJumpHost = false }: HostTarget): string {
  return isJumpHost ? `the jump host ${address}:${port}` : `${name} (${address}:${port})`
}

/** What ssh2 said when it could not connect, told apart by its `level` and as a sentence. */
export function connectionError(
  target: HostTarget,
  error: Error & { readonly level?: string },
  { name, half }: Pick<Credentials, 'name' | 'half'> = { name: 'any key', half: 'its public half' },
): DomainError {
  const details = { host: target.name }
  if (error.level === 'agent') {
    const text = `Nobody could log in to ${labelOf(target)} with ${name}: ${error.message}. Is it locked, or does it ask somebody first?`
    return new DomainError('host-authentication', text, details, { cause: error })
  }
  // An agent may have more keys than sshd has offered to it (MaxAuthTries), before it has seen all.
  if (error.level === 'client-authentication' || /too many authentication failures/i.test(error.message)) {
    const wanted = target.isJumpHost
      ? `Add ${half} to ~/.ssh/authorized_keys there, with restrict,port-forwarding before it.`
      : `Add ${half} to ~/.ssh/authorized_keys there.`
    const text = `${sentence(labelOf(target))} does not let ${target.user} log in with ${name}. ${wanted}`
    return new DomainError('host-authentication', text, details, { cause: error })
  }
  const why = error.level === 'client-timeout' ? `it did not answer in ${target.connectSeconds} s` : reasonOf(error)
  const text = `${sentence(labelOf(target))} cannot be reached: ${why}. Is it up, and is sshd listening there?`
  return new DomainError('host-unreachable', text, details, { cause: error })
}

/** Where a name has several addresses, Node gives an error for each of them and no message of its own. */
function reasonOf(error: Error): string {
  const each = error instanceof AggregateError ? error.errors.map((one: unknown) => String(one)) : []
  return error.message || each.join(', ') || 'the connection failed'
}

/** Refused before anything was sent that the host could misuse. */
export function hostKeyError(target: HostTarget, key: Buffer, { verdict, against }: HostKeyJudgement): DomainError {
  const where = labelOf(target)
  const shown = `It shows the key ${fingerprintOf(key)}`
  const details = { host: target.name, fingerprint: fingerprintOf(key) }
  const texts: Readonly<Record<HostKeyVerdict, string>> = {
    trusted: '',
    unknown: `The host key of ${where} is not known. ${shown}. Compare it with the machine's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then record it: wheelhouse hosts trust ${target.name}`,
    changed: `The host key of ${where} has changed: the machine was set up anew, or somebody stands in between. ${shown}; on record is ${listed(against)}. Find out which, and only then ${replacing(target, against)}`,
    revoked: `The host key of ${where} is revoked, by ${listed(against)}. ${shown}. Nobody may log in there until it has a new one.`,
    'certificate-authority': `${sentence(where)} is known by a certificate authority only (${listed(against)}), and host certificates cannot be checked here. ${shown}. Compare it with the machine's own, then record it: wheelhouse hosts trust ${target.name}`,
  }
  return new DomainError(verdict === 'unknown' ? 'host-key-unknown' : 'host-key-changed', texts[verdict], details)
}

/** What was recorded is replaced by command; a file is somebody else's, and what stands in it counts as long as it does. */
function replacing({ name }: HostTarget, against: readonly KnownHost[]): string {
  const lines = against.filter(({ at }) => at !== undefined).map(placeOf)
  const command = `wheelhouse hosts trust${lines.length < against.length ? ' --replace' : ''} ${name}`
  if (lines.length === 0) return `replace the one on record: ${command}`
  return `take out ${lines.join(' and ')}, and record the new one: ${command}`
}

function listed(entries: readonly KnownHost[]): string {
  return entries.map((entry) => `${fingerprintOf(entry.key)} (${placeOf(entry)})`).join(' and ')
}

/** A label where a sentence begins. */
export function sentence(label: string): string {
  return label.replace(/^the /, 'The ')
}
