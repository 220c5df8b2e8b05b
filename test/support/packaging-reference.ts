import { fileURLToPath } from 'node:url'
import { runOk } from './run.ts'
import { useTool } from './tools.ts'

/** A function of `packaging-reference.py` and its arguments. */
export type Question = readonly [kind: string, ...values: unknown[]]

export const refused = 'refused'

const script = fileURLToPath(new URL('packaging-reference.py', import.meta.url))

/** What `packaging` answers, in one Python process for all questions; `refused` where it raises. */
export async function askPackaging(
  tool: 'packaging' | 'debianPackaging',
  questions: readonly Question[],
): Promise<readonly unknown[]> {
  const asked = await runOk([...useTool(tool), '-I', script], { stdin: JSON.stringify(questions), timeoutMs: 240_000 })
  const answers = JSON.parse(asked.stdout) as unknown[]
  return answers.map((answer) =>
    typeof answer === 'object' && answer !== null && 'refused' in answer ? refused : answer,
  )
}
