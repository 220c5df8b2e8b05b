import { BlockList, isIP } from 'node:net'
import type { Context } from 'koa'

/** Tells the address of a client, also of one behind proxies that the configuration trusts. */
export type ClientAddress = (context: Context) => string

/**
 * `X-Forwarded-For` is believed only as far as trusted proxies wrote it: read from its end, the first address that is none
 * of them is the client's. `trusted`: addresses and networks, `10.0.0.0/8`.
 */
export function clientAddressBehind(trusted: readonly string[]): ClientAddress {
  const proxies = new BlockList()
  for (const text of trusted) {
    const [address = '', prefix] = text.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) proxies.addAddress(address, family)
    else proxies.addSubnet(address, Number(prefix), family)
  }
  const isProxy = (address: string) => proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (context) => {
    let address = plain(context.req.socket.remoteAddress ?? '')
    const forwarded = context.get('X-Forwarded-For').split(',').reverse()
    for (const text of forwarded) {
      const before = plain(text.trim())
      if (isIP(before) === 0 || !isProxy(address)) return address
      address = before
    }
    return address
  }
}

/** IPv4 as a dual-stack socket shows it, `::ffff:192.0.2.1`, is IPv4; the zone of `fe80::1%eth0` means something here alone. */
function plain(text: string): string {
  // Some gateways write the port as well: 192.0.2.1:40123, [2001:db8::1]:40123.
  const address = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  return mapped ?? address.replace(/%.*$/, '')
}
