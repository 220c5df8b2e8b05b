import type { RunOutcome } from '../detached-run.ts'
import { lastLines } from '../node/result-line.ts'

/** Why a run on a node did not do what it was for, as a sentence; `undefined` where it ended well. */
export function runProblem(what: string, outcome: RunOutcome): string | undefined {
  switch (outcome.kind) {
    case 'exited':
      if (outcome.code === 0) return undefined
      if (outcome.code === 124 || outcome.code === 137)
        return `${what} took too long and was ended: ${lastLines(outcome.output)}`
      return `${what} failed (exit status ${outcome.code}): ${lastLines(outcome.output) || 'it printed nothing'}`
    case 'died':
      return `${what} was killed, or the node restarted: ${lastLines(outcome.output) || 'it printed nothing'}`
    case 'refused':
      return `${what} was not started: ${outcome.message}`
  }
}
