import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Load {
  /** Ends it. What came back, by status; `error` counts requests that got no answer. */
  stop(): Promise<{ readonly answered: number; readonly failed: readonly string[] }>
}

/** Steady requests, one after another on each of several connections, until it is stopped. */
export function startLoad(url: string, connections: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const failed: string[] = []
  let [answered, stopped] = [0, false]
  const visitor = async () => {
    while (!stopped) {
      const status = await get(url, agent)
      if (status === 200) answered += 1
      else failed.push(String(status))
      await sleep(5)
    }
  }
  const visitors = Promise.all(Array.from({ length: connections }, visitor))
  return {
    async stop() {
      stopped = true
      await visitors
      agent.destroy()
      return { answered, failed }
    },
  }
}

async function get(url: string, agent: Agent): Promise<number | string> {
  return await new Promise((resolve) => {
    const asking = request(url, { agent }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode ?? 0))
      answer.on('error', (error) => resolve(error.message))
    })
    asking.on('error', (error) => resolve(error.message))
    asking.end()
  })
}
