import { performance } from 'node:perf_hooks'
import { styleText } from 'node:util'

export interface Chapter {
  readonly title: string
  readonly seconds: number
}

/** Tells the demo to a person: numbered chapters, commands as they are run, what they answered. */
export interface Narrator {
  /** A heading, then the work; how long it took is kept for the summary. */
  chapter<T>(title: string, work: () => Promise<T>): Promise<T>
  chapters(): readonly Chapter[]
  say(text: string): void
  command(text: string): void
  output(text: string): void
  problem(text: string): void
}

export interface Paper {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
}

export function narratorOn(paper: Paper): Narrator {
  const finished: Chapter[] = []
  const ink = (style: Parameters<typeof styleText>[0], text: string) =>
    paper.isTTY ? styleText(style, text, { validateStream: false }) : text
  const line = (text: string) => void paper.write(`${text}\n`)
  return {
    async chapter(title, work) {
      line(`\n${ink('bold', `${finished.length + 1}. ${title}`)}`)
      const start = performance.now()
      const result = await work()
      finished.push({ title, seconds: (performance.now() - start) / 1000 })
      return result
    },
    chapters: () => finished,
    say: (text) => line(`\n${text}`),
    command: (text) => line(`\n${ink('cyan', `$ ${text}`)}`),
    output: (text) => {
      for (const one of lines(text)) line(ink('dim', `  ${one}`.trimEnd()))
    },
    problem: (text) => line(`\n${ink('red', text)}`),
  }
}

function lines(text: string): readonly string[] {
  const trimmed = text.trimEnd()
  return trimmed === '' ? [] : trimmed.split('\n')
}
