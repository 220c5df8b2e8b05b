import type { Context } from 'koa'
import type { FinishedPage } from '../registry/finished-pages.ts'
import type { Negotiated } from './negotiation.ts'

/** Finished bytes, or 304: nothing here renders or, but for the first time, compresses. */
export async function sendPage(
  context: Context,
  { contentType, coding }: Omit<Negotiated, 'format'>,
  page: FinishedPage,
): Promise<void> {
  const chosen = page.compressible ? coding : undefined
  const etag = page.etag(chosen)
  context.set({
    'Content-Type': contentType,
    // Always revalidate: pip since 26.2 and uv believe what is said here, and an upload must be seen at once.
    'Cache-Control': 'no-cache',
    Vary: 'Accept, Accept-Encoding, Authorization',
    ETag: etag,
  })
  if (matches(context.req.headers['if-none-match'], etag)) {
    context.status = 304
    return
  }
  if (chosen !== undefined) context.set('Content-Encoding', chosen)
  context.status = 200
  context.body = await page.body(chosen)
  context.set('Content-Type', contentType)
}

/** Weak comparison (RFC 9110 13.1.2): proxies turn a strong tag weak when they compress. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return (
    header === etag || header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
  )
}

/** Relative, so that it holds behind a proxy with a path prefix. */
export function redirect(context: Context, to: string): void {
  context.status = 301
  context.set('Location', to)
  context.body = `Moved to ${to}\n`
}
