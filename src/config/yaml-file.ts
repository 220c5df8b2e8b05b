import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { messageOf } from '../errors.ts'
import type { Mistake } from './mistakes.ts'

/** `undefined` where it cannot be read; mistakes of YAML itself stand under the file's path. */
export function parseYaml(path: string, mistakes: Mistake[]): { readonly value: unknown } | undefined {
  try {
    const lines = new LineCounter()
    const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines, prettyErrors: true })
    for (const error of document.errors) mistakes.push({ path, problem: error.message.split('\n')[0] ?? '' })
    return document.errors.length > 0 ? undefined : { value: document.toJS() ?? {} }
  } catch (error) {
    mistakes.push({ path, problem: `cannot be read: ${messageOf(error)}` })
    return undefined
  }
}

/** `undefined` where it does not fit. `before` stands before the path of each mistake. */
export function check<T>(schema: z.ZodType<T>, value: unknown, mistakes: Mistake[], before = ''): T | undefined {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  for (const issue of parsed.error.issues) {
    mistakes.push({ path: `${before}${issue.path.join('.')}`, problem: problemOf(issue) })
  }
  return undefined
}

function problemOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `unknown: ${issue.keys.join(', ')}`
  const text = issue.message.replace(/^Invalid input: /, '')
  return text === 'expected string, received undefined' ? 'is missing' : text
}
