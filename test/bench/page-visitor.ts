import { setTimeout as sleep } from 'node:timers/promises'
import { type IndexServer, page } from './index-server.ts'

/** Reads a page every few milliseconds until it is stopped, and keeps how long each took (milliseconds). */
export function visitPages(server: IndexServer, project: string): { stop(): Promise<readonly number[]> } {
  const latencies: number[] = []
  let stopped = false
  const visits = (async () => {
    while (!stopped) {
      const began = performance.now()
      await (await page(server, project)).arrayBuffer()
      latencies.push(performance.now() - began)
      await sleep(5)
    }
  })()
  return {
    async stop() {
      stopped = true
      await visits
      return latencies
    },
  }
}
