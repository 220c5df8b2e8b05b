import type { z } from 'zod'

const mark = 'wheelhouse-result '

/** Where a script on a node has something to say to us, it is the last line that begins with a mark, as JSON. */
export function resultIn<T>(output: string, schema: z.ZodType<T>): T | undefined {
  const line = output.split('\n').findLast((one) => one.startsWith(mark))
  if (line === undefined) return undefined
  try {
    return schema.safeParse(JSON.parse(line.slice(mark.length))).data
  } catch {
    return undefined
  }
}

/** What a person wants to read of a failed script: its last lines, without the marked one. */
export function lastLines(output: string, count = 3): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(mark))
  return lines.slice(-count).join(' / ').slice(-600)
}
