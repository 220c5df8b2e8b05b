import type { Context, Next } from 'koa'
import { DomainError, isDomainError, messageOf } from '../errors.ts'
import { errorStatus } from './error-status.ts'

export interface ErrorLog {
  error(message: string, fields: Readonly<Record<string, unknown>>): void
}

/** Turns whatever a route throws into an answer. What is not ours is a bug: logged once, here, and told as 500. */
export function answerErrors(log: ErrorLog) {
  return async (context: Context, next: Next): Promise<void> => {
    try {
      await next()
    } catch (error) {
      if (clientIsGone(context, error)) {
        // Nobody reads it: for log and metrics, which would take it for a 404. The number is nginx's.
        context.status = 499
        return
      }
      const domain = isDomainError(error) ? error : unexpected(context, error, log)
      writeError(context, domain)
    }
  }
}

/**
 * Every client shows something else: twine the reason phrase alone, uv the `code` of exactly `application/json`, poetry
 * and curl the body. So the same sentence stands in all three.
 */
export function writeError(context: Context, error: DomainError): void {
  const status = errorStatus[error.code]
  context.status = status
  if (status === 401) context.set('WWW-Authenticate', 'Basic realm="Wheelhouse", charset="UTF-8"')
  const retryAfter = error.details['retryAfterSeconds'] ?? (status === 503 ? 2 : undefined)
  if (retryAfter !== undefined) context.set('Retry-After', String(retryAfter))
  context.set('Cache-Control', 'no-store')
  writeBody(context, status, error)
  // Last: Koa resets the phrase whenever a status or a body is assigned. HTTP/2 has none (RFC 9113 8.3.2).
  if (context.req.httpVersionMajor < 2) context.message = reasonPhrase(error.message)
}

function writeBody(context: Context, status: number, error: DomainError): void {
  const type = context.accepts('application/json', 'application/problem+json', 'text/plain')
  const explicit = /json/.test(context.get('Accept'))
  if (!explicit || type === 'text/plain' || type === false) {
    context.body = `${error.message}\n`
    context.set('Content-Type', 'text/plain; charset=utf-8')
    return
  }
  const problem = { type: 'about:blank', title: error.code, status, detail: error.message }
  const plain = {
    code: `${status} ${error.message}`,
    error: error.code,
    message: error.message,
    details: error.details,
  }
  context.body = JSON.stringify(type === 'application/problem+json' ? problem : plain)
  // uv compares the media type as text: no «; charset» may follow.
  context.set('Content-Type', String(type))
}

const longestPhrase = 400

/**
 * RFC 9112 4: visible characters of Latin-1 and spaces; more than a line or two is cut by some proxies. A long sentence
 * loses its middle: what to do, and the id of the reason, stand at its end.
 */
function reasonPhrase(text: string): string {
  const plain = text
    .replace(/[«»“”]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/…/g, '...')
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]/g, '?')
  return plain.length <= longestPhrase ? plain : `${plain.slice(0, 200)} ... ${plain.slice(-195)}`
}

/** A client that went away mid-request is no error of anybody's. */
function clientIsGone(context: Context, error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  return context.req.destroyed && ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'].includes(code)
}

function unexpected(context: Context, error: unknown, log: ErrorLog): DomainError {
  const stack = error instanceof Error ? error.stack : undefined
  log.error(`Unexpected error: ${messageOf(error)}`, {
    request: context.state['requestId'],
    method: context.method,
    path: context.path,
    stack,
  })
  const text = 'Wheelhouse failed unexpectedly; its log has the details. Trying again may help, and a report will.'
  return new DomainError('internal', text)
}
