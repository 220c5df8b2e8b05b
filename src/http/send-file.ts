import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Context } from 'koa'
import { DomainError } from '../errors.ts'
import type { ByteRange, OpenedObject } from '../objects/object-store.ts'
import { parseRanges } from './byte-range.ts'

type Source = Buffer | Pick<OpenedObject, 'stream' | 'pump'>

/** A reader that takes nothing for so long is cut off: what it holds is needed by others. Milliseconds. */
export const readersPatience = 120_000

/** Bytes that never change, however they are kept. */
export interface SendableFile {
  readonly size: number
  readonly contentType: string
  /** Quoted. */
  readonly etag: string
  readonly modified: Date
  /** All of it, or a part. */
  open(range?: ByteRange): Promise<Source>
}

/** Answers GET and HEAD with conditions and ranges (RFC 9110 13 and 14); for a HEAD nothing is opened. */
export async function sendFile(context: Context, file: SendableFile): Promise<void> {
  context.set({ 'Accept-Ranges': 'bytes', ETag: file.etag, 'Last-Modified': file.modified.toUTCString() })
  if (isNotModified(context, file)) {
    context.status = 304
    return
  }
  const ranges = rangesIn(context, file)
  if (ranges === 'unsatisfiable') {
    context.set('Content-Range', `bytes */${file.size}`)
    const text = `The file has ${file.size} bytes; the range asked for lies outside of it.`
    throw new DomainError('range-not-satisfiable', text)
  }
  const [range] = ranges ?? []
  if (ranges !== undefined && ranges.length > 1) await sendParts(context, file, ranges)
  else if (range === undefined) await send(context, 200, file.contentType, file.size, () => file.open())
  else {
    context.set('Content-Range', contentRange(range, file.size))
    await send(context, 206, file.contentType, lengthOf(range), () => file.open(range))
  }
}

/** Several ranges at once: `multipart/byteranges` (RFC 9110 14.6). Each part is opened when the one before was sent. */
async function sendParts(context: Context, file: SendableFile, ranges: readonly ByteRange[]): Promise<void> {
  const boundary = randomUUID()
  const heads = ranges.map((range, n) => {
    const start = n === 0 ? '' : '\r\n'
    return `${start}--${boundary}\r\nContent-Type: ${file.contentType}\r\nContent-Range: ${contentRange(range, file.size)}\r\n\r\n`
  })
  const end = `\r\n--${boundary}--\r\n`
  const length = ranges.reduce((sum, range) => sum + lengthOf(range), heads.join('').length + end.length)
  async function* parts(): AsyncIterable<Buffer> {
    for (const [n, range] of ranges.entries()) {
      yield Buffer.from(heads[n] ?? '')
      const part = await file.open(range)
      if (Buffer.isBuffer(part)) yield part
      else yield* part.stream
    }
    yield Buffer.from(end)
  }
  const type = `multipart/byteranges; boundary=${boundary}`
  await send(context, 206, type, length, async () => ({ stream: Readable.from(parts(), { objectMode: false }) }))
}

async function send(
  context: Context,
  status: number,
  type: string,
  length: number,
  open: () => Promise<Source>,
): Promise<void> {
  const source = context.method === 'HEAD' || length === 0 ? Buffer.alloc(0) : await open()
  context.status = status
  context.res.setTimeout(readersPatience)
  const pump = !Buffer.isBuffer(source) && source.pump
  if (!pump) context.body = Buffer.isBuffer(source) ? source : source.stream
  // After the body: Koa sets a type and a length of its own with it.
  context.set('Content-Type', type)
  context.length = length
  if (pump) await pumpTo(context, pump)
}

/** Past Koa, which knows of bodies that are streams alone. What fails once the answer has begun cuts it off, and is told as such. */
async function pumpTo(context: Context, pump: NonNullable<OpenedObject['pump']>): Promise<void> {
  const { res } = context
  try {
    await pump(res)
    context.respond = false
    res.end()
  } catch (error) {
    if (!res.headersSent) throw error
    context.respond = false
    res.destroy()
    context.app.emit('error', error, context)
  }
}

/** `If-None-Match` wins over the date where both are sent (RFC 9110 13.2.2). */
export function isNotModified(context: Context, { etag, modified }: Pick<SendableFile, 'etag' | 'modified'>): boolean {
  const { 'if-none-match': tags, 'if-modified-since': since } = context.req.headers
  if (tags !== undefined) return tags.trim() === '*' || tags.includes(etag)
  return since !== undefined && Math.floor(modified.getTime() / 1000) * 1000 <= Date.parse(since)
}

/** RFC 9110 14.2: a Range means something with GET alone. */
function rangesIn(context: Context, file: SendableFile): ReturnType<typeof parseRanges> {
  if (context.method !== 'GET' || !ifRangeHolds(context, file)) return undefined
  return parseRanges(context.req.headers.range, file.size)
}

/** A part is only of use where the whole is still the same (RFC 9110 13.1.5). */
function ifRangeHolds(context: Context, { etag, modified }: SendableFile): boolean {
  const condition = context.get('If-Range')
  return condition === '' || condition === etag || condition === modified.toUTCString()
}

function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`
}

function lengthOf({ start, end }: ByteRange): number {
  return end - start + 1
}
