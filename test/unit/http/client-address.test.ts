import type { Context } from 'koa'
import { describe, expect, it } from 'vitest'
import { isNetwork } from '../../../src/config/network.ts'
import { clientAddressBehind } from '../../../src/http/client-address.ts'

const asked = (remoteAddress: string, forwarded = '') =>
  ({ req: { socket: { remoteAddress } }, get: () => forwarded }) as unknown as Context

describe('the address of a client', () => {
  it.each([
    [[], '192.0.2.1', '', '192.0.2.1'],
    [[], '::ffff:192.0.2.1', '', '192.0.2.1'],
    // Anybody can send the header: it counts only where a trusted proxy did.
    [[], '192.0.2.1', '203.0.113.9', '192.0.2.1'],
    [['10.0.0.0/8'], '10.0.0.1', '203.0.113.9', '203.0.113.9'],
    [['10.0.0.0/8'], '10.0.0.1', 'spoofed, 198.51.100.7, 203.0.113.9, 10.0.0.2', '203.0.113.9'],
    [['10.0.0.0/8'], '10.0.0.1', 'nonsense', '10.0.0.1'],
    [['10.0.0.0/8'], '10.0.0.1', '', '10.0.0.1'],
    // Some gateways write the port as well.
    [['10.0.0.0/8'], '10.0.0.1', '203.0.113.9:40123', '203.0.113.9'],
    [['10.0.0.0/8'], '10.0.0.1', '[2001:db8::7]:40123', '2001:db8::7'],
    // The zone of a link-local address is no part of it.
    [['fe80::/10'], 'fe80::1%eth0', '203.0.113.9', '203.0.113.9'],
    [['10.0.0.0/8'], '10.0.0.1', 'fe80::1%eth0, 10.0.0.2', 'fe80::1'],
    [['fd00::/8', '10.0.0.1'], 'fd00::1', '2001:db8::7, 10.0.0.1', '2001:db8::7'],
  ])('behind %j, from %s with «%s», is %s', (trusted, remote, forwarded, address) => {
    expect(clientAddressBehind(trusted)(asked(remote, forwarded))).toBe(address)
  })

  it.each([
    ['10.0.0.0/8', true],
    ['10.1.2.3', true],
    ['fd00::/8', true],
    ['10.0.0.0/33', false],
    ['proxy.internal', false],
    ['10.0.0.0/8/8', false],
  ])('%s names a network: %s', (text, valid) => {
    expect(isNetwork(text)).toBe(valid)
  })
})
