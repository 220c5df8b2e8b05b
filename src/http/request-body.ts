import type { Middleware } from 'koa'
import { HttpMethodEnum, koaBody } from 'koa-body'
import { z } from 'zod'
import { DomainError } from '../errors.ts'

/** What a client sent, checked; `what` begins the sentence that says what is wrong with it. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new DomainError('invalid-request', `${what} is not understood: ${z.prettifyError(result.error)}`)
}

/** Reads a small JSON body, where there is one. Another type is refused: what it says would be lost in silence. */
export function readJson(): Middleware {
  const parsedMethods = [HttpMethodEnum.POST, HttpMethodEnum.PUT, HttpMethodEnum.DELETE]
  const only = { urlencoded: false, text: false, multipart: false }
  const read = koaBody({ jsonLimit: '64kb', ...only, parsedMethods, onError: badBody })
  return async (context, next) => {
    const hasBody = Number(context.get('Content-Length')) > 0 || context.get('Transfer-Encoding') !== ''
    if (hasBody && !context.is('json')) {
      const text = 'The body must be JSON, and say so (curl: -H "Content-Type: application/json").'
      throw new DomainError('invalid-request', text)
    }
    await read(context, next)
  }
}

function badBody(error: Error): void {
  const text = `The body is no JSON that can be read: ${error.message}.`
  throw new DomainError('invalid-request', text, {}, { cause: error })
}
