import { utf8 } from '../archive/bytes.ts'
import { refusing, shown } from '../refusals.ts'
import type { TarHeader } from './header.ts'
import { tarRefusals } from './refusals.ts'

/** What PAX and GNU headers say about the member after them. */
interface Extension {
  readonly path?: string
  readonly linkPath?: string
  readonly size?: number
}

const refuse = refusing(tarRefusals)

/** Types of headers that belong to another: PAX for the next member or for all, GNU long name and long link. */
export function isExtension(type: string): boolean {
  return 'xgLK'.includes(type)
}

/** Collects the headers before a member, and applies them to it. */
export function extensions() {
  let waiting: Extension | undefined
  let isMemberDue = false
  return {
    add(type: string, content: Uint8Array): void {
      isMemberDue = true
      const said = readExtension(type, content)
      if (said === undefined) return
      const repeated = Object.keys(said).some((key) => waiting !== undefined && key in waiting)
      if (repeated || (type === 'x' && waiting !== undefined))
        throw refuse('tar-extension-repeated', 'a member in it has two headers for one property')
      waiting = { ...waiting, ...said }
    },
    apply(header: TarHeader): TarHeader {
      const { path, linkPath, size } = waiting ?? {}
      waiting = undefined
      isMemberDue = false
      const name = path ?? header.name
      // The header must say the same: who does not know PAX reads on at another byte.
      if (size !== undefined && size !== header.size)
        throw refuse('tar-pax-size-differs', `${shown(name)} in it has ${size} bytes by PAX, ${header.size} by ustar`)
      return { ...header, name, linkName: linkPath ?? header.linkName }
    },
    finish(): void {
      // Python fails at this, even behind a global header.
      if (isMemberDue) throw refuse('tar-extension-dangling', 'it ends after a header without a member')
    },
  }
}

function readExtension(type: string, content: Uint8Array): Extension | undefined {
  if (type === 'L') return { path: gnuName(content) }
  if (type === 'K') return { linkPath: gnuName(content) }
  const records = readPax(content)
  if (records.has('hdrcharset') && !/UTF-8|10646/.test(records.get('hdrcharset') ?? ''))
    throw refuse('tar-pax-charset', 'a PAX header in it asks for another character set')
  if ([...records.keys()].some((key) => key.startsWith('GNU.sparse') || key.startsWith('SCHILY.realsize')))
    throw refuse('tar-sparse', 'a member in it is sparse')
  const [path, linkPath, size] = [records.get('path'), records.get('linkpath'), records.get('size')]
  if (type === 'g') {
    // git archive writes a comment for all members, which is fine.
    if ([path, linkPath, size].some((value) => value !== undefined))
      throw refuse('tar-pax-global', 'a PAX header in it sets one path, link or size for all members')
    return undefined
  }
  if (size !== undefined && !/^\d{1,15}$/.test(size))
    throw refuse('tar-pax-malformed', `the PAX size ${shown(size)} is no number`)
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkPath === undefined ? {} : { linkPath }),
    ...(size === undefined ? {} : { size: Number(size) }),
  }
}

function gnuName(content: Uint8Array): string {
  const end = content.indexOf(0)
  const name = utf8(end === -1 ? content : content.subarray(0, end))
  if (name === undefined) throw refuse('tar-name-not-utf8', 'the long name of a member in it is not UTF-8')
  return name
}

/** Records are "LENGTH KEY=VALUE\n", the length in decimal and counting itself (POSIX pax, Extended Header). */
function readPax(content: Uint8Array): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  const malformed = () => refuse('tar-pax-malformed', 'a PAX header in it is malformed')
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(0x20, at)
    const digits = blank === -1 || blank - at > 9 ? '' : Buffer.from(content.subarray(at, blank)).toString('latin1')
    const end = at + Number(digits)
    if (!/^[1-9]\d*$/.test(digits) || end > content.length || end <= blank || content[end - 1] !== 0x0a)
      throw malformed()
    const record = content.subarray(blank + 1, end - 1)
    const equals = record.indexOf(0x3d)
    if (equals <= 0) throw malformed()
    addRecord(records, Buffer.from(record.subarray(0, equals)).toString('latin1'), record.subarray(equals + 1))
    at = end
  }
  return records
}

const meaningful = ['path', 'linkpath', 'size', 'hdrcharset']

/** Values of other keys may hold anything: extended attributes are bytes. */
function addRecord(records: Map<string, string>, key: string, bytes: Uint8Array): void {
  const value = meaningful.includes(key) ? utf8(bytes) : ''
  if (value === undefined || (meaningful.includes(key) && value === ''))
    throw refuse('tar-pax-malformed', `the PAX ${key} of a member in it is not text`)
  if (meaningful.includes(key) && records.has(key))
    throw refuse('tar-pax-duplicate', `a PAX header in it has "${key}" twice`)
  records.set(key, value)
}
