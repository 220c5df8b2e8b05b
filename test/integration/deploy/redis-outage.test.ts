import { describe, it } from 'vitest'
import { consumesAfter, outages } from '../../support/redis-outage.ts'

describe('a consumer of the queue whose Redis', () => {
  // Longer than the five seconds for which BullMQ waits for work at a time, by the real clock; a minute of it is in the soak.
  it.concurrent.each(Object.keys(outages))(
    '%s for longer than one wait for work takes up what comes afterwards',
    async (outage) => {
      await consumesAfter(outage, 6.5)
    },
  )
})
