import { createHash } from 'node:crypto'
import { utf8 } from '../archive/bytes.ts'
import type { Sink } from '../archive/inflate.ts'
import { refusing, shown } from '../refusals.ts'
import { csvRows } from './csv.ts'
import { recordRefusals } from './refusals.ts'

interface RecordLine {
  readonly path: string
  readonly hash: string
  readonly size: string
}

/** What RECORD says of a file: its hash by an algorithm, and its size where it has one. */
export interface ExpectedContent {
  readonly algorithm: string
  readonly digest: Buffer
  readonly size: number | undefined
}

const refuse = refusing(recordRefusals)

/** "sha256 or better" (binary distribution format, "The .dist-info directory"), with their lengths. */
const algorithms: Readonly<Record<string, number>> = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
  sha512_256: 32,
  sha3_256: 32,
  sha3_384: 48,
  sha3_512: 64,
}

/**
 * Reads RECORD and sees to it that it lists exactly the files of the wheel. Signatures (`RECORD.jws`, `RECORD.p7s`) are made
 * after RECORD, so they have no hash and may be left out. Answers what each file must be.
 */
export function readRecord(
  bytes: Uint8Array,
  folder: string,
  names: readonly string[],
): ReadonlyMap<string, ExpectedContent> {
  const members = new Set(names)
  const unhashed = [`${folder}/RECORD`, `${folder}/RECORD.jws`, `${folder}/RECORD.p7s`]
  const listed = new Set<string>()
  const expected = new Map<string, ExpectedContent>()
  for (const { path, hash, size } of readLines(bytes)) {
    if (listed.has(path)) throw refuse('record-duplicate', `its RECORD has ${shown(path)} twice`)
    // At once: a list of millions that are not there is not held in memory.
    if (!members.has(path)) throw refuse('record-file-missing', `its RECORD lists ${shown(path)}, which is not there`)
    listed.add(path)
    if (path.endsWith('/') && hash === '') continue
    if (!unhashed.includes(path)) expected.set(path, expectedContent(path, hash, size))
    else if (hash !== '') throw refuse('record-hashes-itself', `its RECORD has a hash for ${shown(path)}`)
  }
  const missing = names.find((name) => !name.endsWith('/') && !listed.has(name) && !unhashed.includes(name))
  if (missing !== undefined) throw refuse('record-incomplete', `${shown(missing)} in it is not in its RECORD`)
  return expected
}

function* readLines(bytes: Uint8Array): Generator<RecordLine> {
  const text = utf8(bytes)
  if (text === undefined) throw refuse('record-malformed', 'its RECORD is not UTF-8')
  for (const row of csvRows(text, 3)) {
    if (row === undefined) throw refuse('record-malformed', 'its RECORD is not CSV of three columns')
    const [path = '', hash = '', size = ''] = row
    if (row.length !== 3 || path === '')
      throw refuse('record-malformed', `its RECORD has the line ${shown(row.join())}`)
    if (/^\/|^[A-Za-z]:|\\|(?:^|\/)\.\.(?:\/|$)/.test(path))
      throw refuse('record-path-unsafe', `its RECORD has the path ${shown(path)}`)
    yield { path, hash, size }
  }
}

function expectedContent(path: string, hash: string, size: string): ExpectedContent {
  if (hash === '') throw refuse('record-hash-missing', `its RECORD has no hash for ${shown(path)}`)
  const [algorithm = '', text = '', ...rest] = hash.split('=')
  const length = algorithms[algorithm]
  if (length === undefined)
    throw refuse('record-hash-weak', `its RECORD has a hash by ${shown(algorithm)} for ${shown(path)}`)
  const digest = Buffer.from(text, 'base64url')
  // Padding is not wanted, but misleads nobody.
  if (!/^[\w-]+$/.test(text) || rest.some((padding) => padding !== '') || digest.length !== length)
    throw refuse('record-hash-malformed', `its RECORD has the hash ${shown(hash)} for ${shown(path)}`)
  if (!/^\d{0,15}$/.test(size))
    throw refuse('record-malformed', `its RECORD has the size ${shown(size)} for ${shown(path)}`)
  return { algorithm, digest, size: size === '' ? undefined : Number(size) }
}

/** Compares a content with what RECORD says, as it comes. */
export function contentCheck(path: string, expected: ExpectedContent): { readonly take: Sink; finish(): void } {
  const hash = createHash(expected.algorithm.replace('sha3_', 'sha3-').replace('sha512_', 'sha512-'))
  return {
    take: (chunk) => void hash.update(chunk),
    finish() {
      if (!hash.digest().equals(expected.digest))
        throw refuse('record-hash-differs', `${shown(path)} in it has another hash than its RECORD says`)
    },
  }
}

export function checkRecordSize(path: string, expected: ExpectedContent, size: number): void {
  if (expected.size === undefined || expected.size === size) return
  throw refuse('record-size-differs', `${shown(path)} in it has ${size} bytes, not ${expected.size} as its RECORD says`)
}
