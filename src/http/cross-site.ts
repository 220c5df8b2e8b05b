import type { Context, Next } from 'koa'
import { DomainError } from '../errors.ts'

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses changes that a page of another site asks for. A browser in which somebody once typed a token into the dialog of
 * Basic authentication sends it along with every form that any page posts here, without asking. Browsers say where a
 * request comes from (Fetch Metadata, or the older `Origin`); twine, curl and other programs say nothing, and pass.
 */
export function refuseCrossSite(externalUrl: string) {
  const own = new URL(externalUrl)
  return async (context: Context, next: Next): Promise<void> => {
    if (!reading.has(context.method) && isCrossSite(context, own)) {
      const text = `A page of another site asked for this change, in a browser that knows a token. Send changes from programs, or from pages of ${own.origin}.`
      throw new DomainError('permission-denied', text)
    }
    await next()
  }
}

function isCrossSite(context: Context, own: URL): boolean {
  const site = context.get('Sec-Fetch-Site')
  if (site !== '') return site !== 'same-origin' && site !== 'none'
  const origin = context.get('Origin')
  if (origin === '' || origin === own.origin) return false
  // Reached under another name than the configured one: then origin and host agree.
  return !URL.canParse(origin) || new URL(origin).host !== context.get('Host')
}
