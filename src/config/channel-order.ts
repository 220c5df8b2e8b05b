import type { ChannelOrder } from '../deploy/channel-order.ts'
import type { FileSettings } from './file-schema.ts'
import type { Mistake } from './mistakes.ts'

/** `channel_order:`: every channel is a configured one, and none comes after itself. */
export function channelOrderOf({ channels, channel_order: order }: FileSettings, mistakes: Mistake[]): ChannelOrder {
  for (const [channel, { after }] of Object.entries(order)) {
    const path = `channel_order.${channel}`
    if (!channels.includes(channel)) mistakes.push({ path, problem: `there is no channel "${channel}" among channels` })
    if (!channels.includes(after)) {
      mistakes.push({ path: `${path}.after`, problem: `there is no channel "${after}" among channels` })
    }
    if (comesBack(channel, order))
      mistakes.push({ path: `${path}.after`, problem: 'leads back: nothing could be promoted' })
  }
  return Object.fromEntries(
    Object.entries(order).map(([channel, { after, minutes }]) => [channel, { after, stableFor: minutes * 60_000 }]),
  )
}

function comesBack(channel: string, order: FileSettings['channel_order']): boolean {
  const seen = new Set<string>()
  for (let at = order[channel]?.after; at !== undefined && !seen.has(at); at = order[at]?.after) {
    if (at === channel) return true
    seen.add(at)
  }
  return false
}
