import { describe, expect, it } from 'vitest'
import type { HostTarget } from '../../../src/deploy/remote-host.ts'
import { connectionError, hostKeyError } from '../../../src/deploy/ssh/connection-errors.ts'
import {
  entriesFor,
  fingerprintOf,
  judgeHostKey,
  knownHostsLine,
  parseKnownHosts,
} from '../../../src/deploy/ssh/known-hosts.ts'

const aKey = (content: string) => Buffer.from(`\0\0\0\x0bssh-ed25519${content}`)
const [shown, old, older] = [aKey('new'), aKey('old'), aKey('older')]
const node: HostTarget = {
  ...{
    name: 'web1',
    address: 'web1.example.com',
    port: 22,
    user: 'deploy',
    keyPath: '/keys/deploy',
    connectSeconds: 5,
  },
}
const bastion: HostTarget = { ...node, name: 'bastion', address: 'bastion', port: 2222, isJumpHost: true }
const file = '/etc/wheelhouse/known_hosts'
const inFile = (target: HostTarget, ...keys: readonly Buffer[]) =>
  parseKnownHosts(['# ours', ...keys.map((key) => knownHostsLine(target.address, target.port, key))].join('\n'), file)
const recorded = (target: HostTarget, key: Buffer) => parseKnownHosts(knownHostsLine(target.address, target.port, key))
const saidOf = (target: HostTarget, known: ReturnType<typeof parseKnownHosts>) =>
  hostKeyError(target, shown, judgeHostKey(entriesFor(known, target.address, target.port), shown)).message

describe('what is said of a host key', () => {
  it('names the jump host, the lines of the file that say otherwise, and what to do', () => {
    expect(saidOf(bastion, inFile(bastion, old, older))).toBe(
      'The host key of the jump host bastion:2222 has changed: the machine was set up anew, or somebody stands in between. ' +
        `It shows the key ${fingerprintOf(shown)}; on record is ${fingerprintOf(old)} (line 2 of ${file}) and ` +
        `${fingerprintOf(older)} (line 3 of ${file}). Find out which, and only then take out line 2 of ${file} and ` +
        `line 3 of ${file}, and record the new one: wheelhouse hosts trust bastion`,
    )
  })

  it('replaces by command what was recorded by command', () => {
    expect(saidOf(node, recorded(node, old))).toMatch(
      /web1 \(web1\.example\.com:22\) has changed: .* \(recorded by wheelhouse hosts trust\)\. .* replace the one on record: wheelhouse hosts trust --replace web1$/,
    )
    expect(saidOf(node, [...inFile(node, old), ...recorded(node, older)])).toMatch(
      /take out line 2 of \S+known_hosts, and record the new one: wheelhouse hosts trust --replace web1$/,
    )
  })

  it('names the line that revokes it, or that names an authority', () => {
    const marked = (marker: string, key: Buffer) =>
      parseKnownHosts(`${marker} * ssh-ed25519 ${key.toString('base64')}`, file)
    expect(saidOf(node, marked('@revoked', shown))).toContain(
      `is revoked, by ${fingerprintOf(shown)} (line 1 of ${file})`,
    )
    expect(saidOf(bastion, marked('@cert-authority', old))).toMatch(
      /^The jump host bastion:2222 is known by a certificate authority only \(SHA256:\S+ \(line 1 of .*wheelhouse hosts trust bastion$/,
    )
    expect(saidOf(bastion, [])).toMatch(/^The host key of the jump host bastion:2222 is not known\. .* trust bastion$/)
  })
})

describe('what is said where a connection fails', () => {
  it.each<[string, HostTarget, Error & { level?: string }, RegExp]>([
    ['late', node, Object.assign(new Error('x'), { level: 'client-timeout' }), /^web1 .* it did not answer in 5 s\. /],
    [
      'refused',
      bastion,
      new Error('connect ECONNREFUSED'),
      /^The jump host bastion:2222 cannot be reached: connect ECON/,
    ],
    [
      'refused at each address',
      node,
      new AggregateError([new Error('refused at ::1'), new Error('refused at 127.0.0.1')]),
      /reached: Error: refused at ::1, Error: refused at 127\.0\.0\.1\. /,
    ],
  ])('%s', (_name, target, error, text) => expect(connectionError(target, error).message).toMatch(text))
})
