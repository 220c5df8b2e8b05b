import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { askService } from '../support/ask-service.ts'
import type { Narrator } from './narrator.ts'
import type { DemoNode } from './nodes.ts'

export interface Watch {
  stop(): Promise<void>
}

/** A table of what each node serves, with a new row whenever that changes. */
export function watchNodes(narrator: Narrator, nodes: readonly DemoNode[]): Watch {
  const start = performance.now()
  let [stopped, last] = [false, '']
  narrator.output(
    row(
      'seconds',
      nodes.map(({ name }) => name),
    ),
  )
  const look = async () => {
    const versions = await Promise.all(nodes.map(({ service }) => askService(service.url)))
    const cells = versions.map((running) => running?.version ?? '-')
    if (cells.join() === last) return
    last = cells.join()
    narrator.output(row(((performance.now() - start) / 1000).toFixed(1), cells))
  }
  const watching = (async () => {
    for (; !stopped; await sleep(20)) await look()
    await look()
  })()
  return {
    async stop() {
      stopped = true
      await watching
    },
  }
}

function row(seconds: string, cells: readonly string[]): string {
  return `| ${[seconds.padStart(7), ...cells.map((cell) => cell.padEnd(5))].join('   ').trimEnd()}`
}
