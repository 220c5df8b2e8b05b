import { type Progress, progressLines, progressPicture } from '../../deploy/progress-lines.ts'
import type { Screen, Terminal } from '../command.ts'
import { type DeployEvent, progressOf } from './deploy-event.ts'

/** Tells a person, or the log of a CI, how deploys stand. */
export interface Teller {
  tell(event: DeployEvent): void
  /** Something besides, on stderr. */
  note(text: string): void
  /** Nothing more is told: what stands there stays. */
  end(): void
}

type Output = Pick<Terminal, 'print' | 'printError' | 'screen'>

/** On a terminal a picture that is drawn anew, elsewhere a line for each thing that happened. */
export function progressTeller(output: Output): Teller {
  return output.screen === undefined ? lineTeller(output) : screenTeller(output, output.screen)
}

function lineTeller({ print, printError }: Output): Teller {
  const told = new Map<string, Progress>()
  return {
    tell(event) {
      const now = progressOf(event)
      for (const line of progressLines(told.get(now.deploy), now)) print(line)
      told.set(now.deploy, now)
    },
    note: printError,
    end: () => undefined,
  }
}

function screenTeller({ print, printError }: Output, screen: Screen): Teller {
  const seen = new Map<string, Progress>()
  let drawn = 0
  // Up to the first line of the picture, and everything below it away (ECMA-48: CPL, ED).
  const erased = () => (drawn === 0 ? '' : `\u001b[${drawn}F\u001b[J`)
  const draw = () => {
    const picture = progressPicture([...seen.values()], screen.size())
    // Lines that the terminal wraps would be more than were counted: wrapping is off meanwhile (DECAWM).
    screen.write(`${erased()}\u001b[?7l${picture.map((line) => `${line}\n`).join('')}\u001b[?7h`)
    drawn = picture.length
  }
  const erase = () => {
    screen.write(erased())
    drawn = 0
  }
  return {
    tell(event) {
      const now = progressOf(event)
      seen.set(now.deploy, now)
      draw()
    },
    note(text) {
      erase()
      printError(text)
      draw()
    },
    end() {
      erase()
      for (const one of seen.values()) for (const line of progressLines(undefined, one)) print(line)
      seen.clear()
    },
  }
}
