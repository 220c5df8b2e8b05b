import { messageOf } from '../../src/errors.ts'
import { fetchTools } from '../support/fetch/fetch-tools.ts'
import { DemoFailure } from './demo-failure.ts'
import { aborted, Interrupted, unlessAborted } from './interruption.ts'
import type { Narrator } from './narrator.ts'
import { reportFailure } from './report-failure.ts'
import { demoTools } from './requirements.ts'
import { type Stage, setStage } from './stage.ts'
import { tellStory } from './story.ts'
import { summary } from './summary.ts'

/** The demo from the first line to the last; resolves to the exit status when nothing of it is left. */
export async function perform(narrator: Narrator, signal: AbortSignal, keep: boolean): Promise<number> {
  const stage = await setStage(narrator, signal)
  try {
    const status = await play(stage)
    if (keep && !signal.aborted) await linger(stage)
    return status
  } finally {
    await clear(stage)
  }
}

async function play(stage: Stage): Promise<number> {
  const { narrator, signal, scratch } = stage
  try {
    narrator.say(introduction(scratch))
    await unlessAborted(signal, fetchWhatIsMissing())
    await tellStory(stage)
    narrator.say(summary(narrator.chapters()))
    return 0
  } catch (error) {
    if (signal.reason instanceof Interrupted) return signal.reason.exitCode
    reportFailure(stage, error)
    return 1
  }
}

function introduction(scratch: string): string {
  return [
    'Wheelhouse from the first upload to a rollback, on two nodes of its own.',
    `All of it happens in ${scratch} and on loopback. What begins with $ is run as it stands: paste it into`,
    'another terminal to try it yourself. `npm run demo -- --keep` leaves everything running at the end.',
  ].join('\n')
}

/** Says in one line each what it fetches; silent where everything is there. */
async function fetchWhatIsMissing(): Promise<void> {
  const problems = await fetchTools(demoTools).catch((error: unknown) => [messageOf(error)])
  if (problems.length === 0) return
  throw new DemoFailure('What it needs could not be fetched.', {
    output: problems.join('\n'),
    remedy:
      'run the line that is named there, or see to it that apt and pip reach their indexes and `.cache/` can be written.',
  })
}

async function linger({ narrator, signal, scratch }: Stage): Promise<void> {
  narrator.say(`Everything stays as it is, in ${scratch}, until you press Ctrl-C.`)
  await aborted(signal)
}

async function clear(stage: Stage): Promise<void> {
  const { narrator, signal, scratch } = stage
  if (signal.reason instanceof Interrupted) narrator.say(signal.reason.message)
  await stage[Symbol.asyncDispose]()
  narrator.say(`Cleaned up: all that the demo started has ended, and ${scratch} is gone.`)
}
