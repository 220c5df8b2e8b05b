import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Disposals } from '../../src/disposal.ts'
import { killAll, processesOf } from '../support/process-table.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import type { Narrator } from './narrator.ts'
import { type Shell, shellIn } from './shell.ts'

/** What the chapters of the demo play on. */
export interface Stage extends AsyncDisposable {
  /** Everything that the demo makes lies in here. */
  readonly scratch: string
  readonly narrator: Narrator
  readonly shell: Shell
  readonly signal: AbortSignal
  /** What has to be closed at the end. */
  readonly props: Disposals
}

/** On dispose nothing is left: no process that was started from here, on a node or by a command, and no folder. */
export async function setStage(narrator: Narrator, signal: AbortSignal): Promise<Stage> {
  const folder = await temporaryFolder('demo')
  const scratch = folder.path
  await mkdir(join(scratch, 'home'))
  const props = new Disposals()
  return {
    scratch,
    narrator,
    signal,
    shell: shellIn(scratch, narrator, signal),
    props,
    async [Symbol.asyncDispose]() {
      // First: a server would wait for the answer that a command waits for.
      endedAll(scratch)
      await props[Symbol.asyncDispose]()
      await until(() => endedAll(scratch), 20, 'the end of all processes of the demo')
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** Asked again until none is left: one that was about to start another may have done so. */
function endedAll(scratch: string): boolean {
  const left = processesOf(scratch)
  killAll(left)
  return left.length === 0
}
