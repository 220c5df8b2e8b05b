import { utf8 } from '../archive/bytes.ts'
import { refusing, shown } from '../refusals.ts'
import { tarRefusals } from './refusals.ts'

/** What one block of 512 bytes says, before PAX and GNU headers change it. */
export interface TarHeader {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly linkName: string
}

export const blockLength = 512
const refuse = refusing(tarRefusals)

/** Has the block the checksum of a tar header? So asks Python's `is_tarfile`. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < blockLength) return false
  let sum = 8 * 0x20
  // Its own field counts as blanks. A loop: archives have many headers.
  for (let at = 0; at < blockLength; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0
  const said = /^ *([0-7]+)[\0 ]*$/.exec(Buffer.from(block.subarray(148, 156)).toString('latin1'))?.[1]
  return said !== undefined && Number.parseInt(said, 8) === sum
}

/** Reads a header (POSIX pax "ustar Interchange Format"; GNU's and the seventh edition's share its first 157 bytes). */
export function readHeader(block: Uint8Array): TarHeader {
  if (!isTarHeader(block))
    throw refuse('tar-header-damaged', 'its tar archive is damaged: a header has a wrong checksum')
  const name = readText(block, 0, 100)
  const prefix = block[345] === 0 ? '' : readText(block, 345, 155)
  const isUstar = Buffer.from(block.subarray(257, 263)).toString('latin1') === 'ustar\0'
  // Old GNU tar keeps times where ustar has the prefix; Python joins whatever stands there.
  if (prefix !== '' && !isUstar)
    throw refuse('tar-prefix-without-ustar', `the header of ${shown(name)} in it has a prefix that its format has not`)
  const type = String.fromCharCode(block[156] ?? 0)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    type: type === '\0' ? oldType(name) : type,
    size: readOctal(block, 124, 12, name),
    linkName: readText(block, 157, 100),
  }
}

/** The seventh edition had no type for folders: a slash at the end of the name said it. */
function oldType(name: string): string {
  return name.endsWith('/') ? '5' : '0'
}

function readText(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length)
  const end = field.indexOf(0)
  const text = utf8(end === -1 ? field : field.subarray(0, end))
  if (text === undefined) throw refuse('tar-name-not-utf8', 'the name of a member in it is not UTF-8')
  return text
}

/** Strictly octal digits between blanks and NULs; GNU's binary numbers are for sizes far beyond any limit here. */
function readOctal(block: Uint8Array, start: number, length: number, name: string): number {
  const text = Buffer.from(block.subarray(start, start + length)).toString('latin1')
  const digits = /^ *([0-7]*)[\0 ]*$/.exec(text)?.[1]
  if (digits === undefined) throw refuse('tar-number-malformed', `the size of ${shown(name)} in it is not octal`)
  return Number.parseInt(digits || '0', 8)
}
