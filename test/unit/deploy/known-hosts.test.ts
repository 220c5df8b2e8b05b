import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  entriesFor,
  fingerprintOf,
  judgeHostKey,
  keyTypesOf,
  knownHostsLine,
  parseKnownHosts,
} from '../../../src/deploy/ssh/known-hosts.ts'
import { runOk } from '../../support/run.ts'
import { generateSshKey } from '../../support/ssh-keys.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

function aKey(type: string, content: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(type.length)
  return Buffer.concat([length, Buffer.from(type), Buffer.from(content)])
}

const key = aKey('ssh-ed25519', 'one')
const other = aKey('ssh-ed25519', 'two')
const rsa = aKey('ssh-rsa', 'three')
const line = (hosts: string, of = key, marker = '') =>
  `${marker}${hosts} ${of.toString('latin1', 4, 4 + of.readUInt32BE(0))} ${of.toString('base64')}`
const verdict = (text: string, host = 'web1', port = 22, shown = key) =>
  judgeHostKey(entriesFor(parseKnownHosts(text), host, port), shown).verdict

describe('known hosts', () => {
  it.each([
    ['web1', 'web1', 22, 'trusted'],
    ['WEB1', 'web1', 22, 'trusted'],
    ['web1,10.0.0.1', '10.0.0.1', 22, 'trusted'],
    ['web?', 'web1', 22, 'trusted'],
    ['*.example.com', 'a.example.com', 22, 'trusted'],
    ['*.example.com', 'example.com', 22, 'unknown'],
    ['*.example.com,!bad.example.com', 'bad.example.com', 22, 'unknown'],
    ['web1', 'web1', 2222, 'unknown'],
    ['[web1]:2222', 'web1', 2222, 'trusted'],
    ['[web1]:2222', 'web1', 22, 'unknown'],
    ['web.1', 'webx1', 22, 'unknown'],
  ])('%s: %s port %i is %s', (hosts, host, port, expected) => expect(verdict(line(hosts), host, port)).toBe(expected))

  it('tells a changed key from an unknown host', () => {
    expect(verdict(line('web1'), 'web1', 22, other)).toBe('changed')
    expect(verdict(line('web2'), 'web1', 22, other)).toBe('unknown')
    expect(verdict('', 'web1', 22, other)).toBe('unknown')
  })

  it('trusts any of several keys, and none that was revoked', () => {
    expect(verdict([line('web1'), line('web1', other)].join('\n'), 'web1', 22, other)).toBe('trusted')
    expect(verdict([line('web1'), line('*', key, '@revoked ')].join('\n'))).toBe('revoked')
  })

  it('says that a host is known by a certificate authority only', () => {
    expect(verdict(line('*', other, '@cert-authority '))).toBe('certificate-authority')
    expect(verdict([line('*', other, '@cert-authority '), line('web1')].join('\n'))).toBe('trusted')
  })

  it('passes over comments, empty lines, unknown markers and damaged keys', () => {
    const text = [
      '# web1',
      '',
      '   ',
      line('web1', key, '@future '),
      'web1 ssh-ed25519',
      `web1 ssh-rsa ${key.toString('base64')}`,
    ].join('\n')
    expect(parseKnownHosts(text)).toEqual([])
  })

  it('knows which key types to ask for first', () => {
    const text = [line('web1', rsa), line('web1'), line('web2', other)].join('\n')
    expect(keyTypesOf(entriesFor(parseKnownHosts(text), 'web1', 22))).toEqual(['ssh-rsa', 'ssh-ed25519'])
  })

  it('writes lines that it reads back, for any host and port', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/),
        fc.integer({ min: 1, max: 65_535 }),
        (host, port) => {
          expect(verdict(knownHostsLine(host, port, key), host, port)).toBe('trusted')
          expect(verdict(knownHostsLine(host, port, key), `${host}x`, port)).toBe('unknown')
        },
      ),
    )
  })

  it('throws at no text', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (text, host) => void verdict(text, host)))
  })

  it('agrees with ssh-keygen about hashed names and fingerprints', async () => {
    await using folder = await temporaryFolder('known-hosts')
    const made = await generateSshKey(folder.path)
    const [type = '', encoded = ''] = made.publicKey.split(' ')
    const path = join(folder.path, 'known_hosts')
    await writeFile(path, `web1.example.com ${type} ${encoded}\n[web2]:2222 ${type} ${encoded}\n`)
    const { stdout } = await runOk(['ssh-keygen', '-l', '-f', path])
    await runOk(['ssh-keygen', '-H', '-f', path])
    const { stdout: hashed } = await runOk(['cat', path])
    const real = Buffer.from(encoded, 'base64')
    expect(hashed).not.toContain('web1')
    expect(verdict(hashed, 'web1.example.com', 22, real)).toBe('trusted')
    expect(verdict(hashed, 'web2', 2222, real)).toBe('trusted')
    expect(verdict(hashed, 'web2', 22, real)).toBe('unknown')
    expect(stdout).toContain(fingerprintOf(real))
  })
})
