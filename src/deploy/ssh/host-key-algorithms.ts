import type { ServerHostKeyAlgorithm } from 'ssh2'

const all: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/** What to accept of a server, with the types that it is known by first. An RSA key signs in two ways (RFC 8332). */
export function algorithmsFor(knownTypes: readonly string[]): ServerHostKeyAlgorithm[] {
  const known = all.filter((name) => knownTypes.includes(name.startsWith('rsa-') ? 'ssh-rsa' : name))
  return [...known, ...all.filter((name) => !known.includes(name))]
}
