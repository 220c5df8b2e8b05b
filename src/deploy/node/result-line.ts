import type { z } from 'zod'

/** What a script on a node has to say to us is the last line that begins with it, as JSON. */
export const resultMark = 'wheelhouse-result '

/** `undefined` where a script said nothing to us, or what does not fit. */
export function resultIn<T>(output: string, schema: z.ZodType<T>): T | undefined {
  const line = output.split('\n').findLast((one) => one.startsWith(resultMark))
  if (line === undefined) return undefined
  try {
    return schema.safeParse(JSON.parse(line.slice(resultMark.length))).data
  } catch {
    return undefined
  }
}

/** What a person wants to read of a failed script: its last lines, without the marked one. */
export function lastLines(output: string, count = 3): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !line.startsWith(resultMark))
  return lines.slice(-count).join(' / ').slice(-600)
}
