import type { Algorithms, KexAlgorithm, ServerHostKeyAlgorithm } from 'ssh2'

const hostKeys: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/**
 * Those that ssh2 offers, but the exchange of groups last: Node proves the server's prime, which blocks the whole process for two
 * seconds, where a fixed group takes milliseconds.
 */
const keyExchanges: readonly KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group15-sha512',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group17-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
]

/** What to accept of a server, with the types that it is known by first. An RSA key signs in two ways (RFC 8332). */
export function algorithmsFor(knownTypes: readonly string[]): Algorithms {
  const known = hostKeys.filter((name) => knownTypes.includes(name.startsWith('rsa-') ? 'ssh-rsa' : name))
  return { kex: [...keyExchanges], serverHostKey: [...known, ...hostKeys.filter((name) => !known.includes(name))] }
}
