import type { RunOutcome } from '../detached-run.ts'
import { lastLines } from '../node/result-line.ts'

/** Why a run on a node did not do what it was for, as a sentence; `undefined` where it ended well. */
export function runProblem(what: string, outcome: RunOutcome): string | undefined {
  switch (outcome.kind) {
    case 'exited':
      if (outcome.code === 0) return undefined
      if (outcome.code === 124) return `${what} took too long and was ended: ${lastLines(outcome.output)}`
      // By the kernel where memory ran out, or as it did not end when its time was up.
      if (outcome.code === 137)
        return `${what} was killed (is there enough memory?), or took too long and had to be: ${lastLines(outcome.output)}`
      return `${what} failed (exit status ${outcome.code}): ${lastLines(outcome.output) || 'it printed nothing'}`
    case 'died':
      return `${what} was killed, the node restarted, or its disk is full: ${lastLines(outcome.output) || 'it printed nothing'}`
    case 'refused':
      return `${what} was not started: ${outcome.message}`
  }
}
