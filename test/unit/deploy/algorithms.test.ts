import { createRequire } from 'node:module'
import { expect, it } from 'vitest'
import { algorithmsFor } from '../../../src/deploy/ssh/algorithms.ts'

it('offers every key exchange of the library, and last the one that blocks the process for seconds', () => {
  const constants: { DEFAULT_KEX: string[] } = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js')
  const offered = [algorithmsFor([]).kex].flat().map(String)
  expect([...offered].sort()).toEqual([...constants.DEFAULT_KEX].sort())
  expect(offered.at(-1)).toBe('diffie-hellman-group-exchange-sha256')
})

it.each([
  [[], ['ssh-ed25519', 'ecdsa-sha2-nistp256']],
  [['ssh-rsa'], ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']],
  [
    ['ecdsa-sha2-nistp384', 'ssh-dss'],
    ['ecdsa-sha2-nistp384', 'ssh-ed25519'],
  ],
])('asks a host that is known by %j for those types first', (known, first) => {
  const asked = algorithmsFor(known).serverHostKey
  expect(asked).toHaveLength(6)
  expect([asked].flat().slice(0, first.length)).toEqual(first)
})
