import { z } from 'zod'
import { DomainError } from '../errors.ts'

/** What a client sent, checked; `what` begins the sentence that says what is wrong with it. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new DomainError('invalid-request', `${what} is not understood: ${z.prettifyError(result.error)}`)
}

/** For koa-body, which calls it with what its parser says. */
export function badBody(error: Error): void {
  const text = `The body is no JSON that can be read: ${error.message}.`
  throw new DomainError('invalid-request', text, {}, { cause: error })
}
