import { expect } from 'vitest'
import { answerSchemas, answersOf } from '../../src/http/answers.ts'

/**
 * An answer of the deploy API, seen to be what `/openapi.json` says of it: every field is described, and is what it is said to
 * be. What is not described there passes.
 */
export function described(method: string, path: string, answer: unknown): unknown {
  const [route = ''] = path.split('?')
  const name = Object.entries(answersOf).find(([key]) => matches(key, `${method} ${route}`))?.[1]
  if (name !== undefined) expect(answerSchemas[name].parse(answer), `${method} ${path} as ${name}`).toEqual(answer)
  return answer
}

function matches(key: string, asked: string): boolean {
  return new RegExp(`^${key.replace(/\{\w+\}/g, '[^/]+')}$`).test(asked)
}
