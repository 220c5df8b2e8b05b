import { consumesAfter, outages } from '../support/redis-outage.ts'

const seconds = 60

/** Redis away, and stalled, for longer than everything in BullMQ waits: five seconds for work, ten between looks, thirty for a job's lock. */
export async function soakRedisOutages(): Promise<readonly string[]> {
  const all = Object.keys(outages)
  await Promise.all(all.map((outage) => consumesAfter(outage, seconds)))
  return all.map((outage) => `Redis ${outage} for ${seconds} s: the same consumer took up what came afterwards`)
}
