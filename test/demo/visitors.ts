import { setTimeout as sleep } from 'node:timers/promises'

export interface Visits {
  readonly answered: number
  /** Of them, those that the first node they came to could not answer. */
  readonly bySecondNode: number
  readonly failed: number
}

export interface Visitors {
  stop(): Promise<Visits>
}

/**
 * Asks without pause as users do behind a load balancer: each request goes to the next node in turn, and to the other one where
 * that does not answer.
 */
export function startVisitors(urls: readonly string[]): Visitors {
  const counts = { answered: 0, bySecondNode: 0, failed: 0 }
  let stopped = false
  const visiting = (async () => {
    for (let turn = 0; !stopped; turn++) {
      const [first = '', second = ''] = turn % 2 === 0 ? urls : urls.toReversed()
      if (await answers(first)) counts.answered++
      else if (await answers(second)) {
        counts.answered++
        counts.bySecondNode++
      } else counts.failed++
      await sleep(5)
    }
  })()
  return {
    async stop() {
      stopped = true
      await visiting
      return counts
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url)
    await answer.text()
    return answer.ok
  } catch {
    return false
  }
}
