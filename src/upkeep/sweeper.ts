import { z } from 'zod'
import { messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { DocumentType } from '../objects/documents.ts'
import { keys } from '../objects/keys.ts'
import { sweep } from './sweep.ts'
import { type Retention, sweepDeploys } from './sweep-deploys.ts'
import type { SweepPorts } from './sweep-project.ts'
import { sweepTokens } from './sweep-tokens.ts'

/** Whose turn it was last: of several servers on a bucket one looks, and the others see that it did. */
export const sweepTurnDocument: DocumentType<{ readonly at: string; readonly by: string }> = {
  name: 'turn of the sweep',
  format: 1,
  schema: z.object({ at: z.string(), by: z.string() }),
}

export interface SweeperPorts extends Omit<SweepPorts, 'signal'> {
  readonly log: Log
  readonly retention: Retention
  /** Milliseconds between two sweeps of a store. */
  readonly every: number
}

const firstLookAfter = 10_000

/** Sweeps now and then, as long as the server runs. Disposing waits for what is under way, which stops at the next project. */
export function startSweeper(ports: SweeperPorts): AsyncDisposable {
  const stop = new AbortController()
  const running = (async () => {
    await ports.clock.sleep(Math.min(firstLookAfter, ports.every), stop.signal)
    while (!stop.signal.aborted) {
      await sweepOnce(ports, stop.signal).catch((error: unknown) => {
        ports.log.error(`The sweep will be tried again: ${messageOf(error)}`)
      })
      await ports.clock.sleep(ports.every, stop.signal)
    }
  })()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}

async function sweepOnce(ports: SweeperPorts, signal: AbortSignal): Promise<void> {
  if (!(await takeTurn(ports))) return
  const report = (text: string) => ports.log.error(text)
  const deploys = await sweepDeploys({ ...ports, report, signal }, false)
  const tokens = await sweepTokens(ports, false)
  const swept = [...deploys, ...tokens, ...(await sweep({ ...ports, signal }, false))]
  if (swept.length === 0) return
  const bytes = swept.reduce((sum, { size }) => sum + size, 0)
  ports.log.info(`Swept ${swept.length} objects that nobody can have any more.`, { objects: swept.length, bytes })
}

/** Only saves work: two sweeps at once are harmless, as marks see to it. */
async function takeTurn({ documents, clock, every, holder }: SweeperPorts): Promise<boolean> {
  if (documents.store.exclusive) return true
  const at = new Date(clock.now()).toISOString()
  const turn = await documents.update(sweepTurnDocument, keys.sweepTurn, (last) => {
    const due = last === undefined || clock.now() - Date.parse(last.at) >= every * 0.9
    return due ? { at, by: holder } : undefined
  })
  return turn?.value.at === at && turn.value.by === holder
}
