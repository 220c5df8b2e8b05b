import { DomainError } from '../../errors.ts'
import type { HostTarget } from '../remote-host.ts'
import { fingerprintOf, type HostKeyVerdict } from './known-hosts.ts'

/** What ssh2 said when it could not connect, told apart by its `level` and as a sentence. */
export function connectionError(target: HostTarget, error: Error & { readonly level?: string }): DomainError {
  const where = `${target.name} (${target.address}:${target.port})`
  const details = { host: target.name }
  if (error.level === 'client-authentication') {
    const text = `${where} does not let ${target.user} log in with the key ${target.keyPath}. Add its public half to ~/.ssh/authorized_keys there.`
    return new DomainError('host-authentication', text, details, { cause: error })
  }
  const why = error.level === 'client-timeout' ? `it did not answer in ${target.connectSeconds} s` : error.message
  const text = `${where} cannot be reached: ${why}. Is it up, and is sshd listening there?`
  return new DomainError('host-unreachable', text, details, { cause: error })
}

/** Refused before anything was sent that the host could misuse. */
export function hostKeyError(target: HostTarget, key: Buffer, verdict: HostKeyVerdict): DomainError {
  const where = `${target.name} (${target.address}:${target.port})`
  const shown = `It shows the key ${fingerprintOf(key)}`
  const details = { host: target.name, fingerprint: fingerprintOf(key) }
  const texts: Readonly<Record<HostKeyVerdict, string>> = {
    trusted: '',
    unknown: `The host key of ${where} is not known. ${shown}. Compare it with the machine's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then record it: wheelhouse hosts trust ${target.name}`,
    changed: `The host key of ${where} has changed: the machine was set up anew, or somebody stands in between. ${shown}. Find out which, and only then replace the one on record: wheelhouse hosts trust --replace ${target.name}`,
    revoked: `The host key of ${where} is revoked. ${shown}. Nobody may log in there until it has a new one.`,
    'certificate-authority': `${where} is known by a certificate authority only, and host certificates cannot be checked here. ${shown}. Record the plain key of the host.`,
  }
  return new DomainError(verdict === 'unknown' ? 'host-key-unknown' : 'host-key-changed', texts[verdict], details)
}
