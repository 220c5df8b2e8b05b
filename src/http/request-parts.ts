import type { Middleware } from 'koa'
import { HttpMethodEnum, koaBody } from 'koa-body'
import type { z } from 'zod'
import { prettifyError } from 'zod'
import { DomainError } from '../errors.ts'
import { parseProjectName } from '../packaging/names.ts'

/** A small JSON body, where there is one. What comes as another type is refused: its reason would be lost in silence. */
export function readJson(): Middleware {
  const onError = (error: Error) => {
    const text = `The body is no JSON that can be read: ${error.message}.`
    throw new DomainError('invalid-request', text, {}, { cause: error })
  }
  const parsedMethods = [HttpMethodEnum.POST, HttpMethodEnum.PUT, HttpMethodEnum.DELETE]
  const read = koaBody({ jsonLimit: '64kb', urlencoded: false, text: false, multipart: false, parsedMethods, onError })
  return async (context, next) => {
    if (Number(context.get('Content-Length')) > 0 && !context.is('json')) {
      const text =
        'The body must be JSON, and say so: Content-Type: application/json (curl: -H "Content-Type: application/json").'
      throw new DomainError('invalid-request', text)
    }
    await read(context, next)
  }
}

/** `what` begins the sentence that refuses it: "The body". */
export function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw new DomainError('invalid-request', `${what} is not understood: ${prettifyError(result.error)}`)
}

/** The normal form of the project that a path names. */
export function projectIn(params: Readonly<Record<string, string | undefined>>): string {
  const raw = params['project'] ?? ''
  const project = parseProjectName(raw)
  if (project !== undefined) return project
  throw new DomainError('project-not-found', `"${raw.slice(0, 100)}" is no valid project name.`)
}
