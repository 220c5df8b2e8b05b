import { checkInflatedTotal } from '../archive/inflated-total.ts'
import { checkMemberName, memberTree } from '../archive/member-names.ts'
import type { RandomAccess } from '../random-access.ts'
import { refusing } from '../refusals.ts'
import { isTarHeader } from '../tar/header.ts'
import { readDirectory } from './directory.ts'
import { readEndRecord } from './end-record.ts'
import { readLocalHeaders, type ZipMember } from './local-headers.ts'
import { zipRefusals } from './refusals.ts'

const refuse = refusing(zipRefusals)

/**
 * The members of a ZIP, in the order of their bytes; rejects with a `Refusal` unless readers from its end and from its
 * start, on every system, find the same ones. No content is read yet, and no member can unpack to more than it says.
 */
export function readZip(file: RandomAccess): readonly ZipMember[] {
  const place = readEndRecord(file)
  const entries = readDirectory(file, place)
  const members = readLocalHeaders(file, entries, place.offset)
  const tree = memberTree({ foldersMayRepeat: false })
  for (const { name } of members) {
    checkMemberName(name)
    tree.add(name)
  }
  checkInflatedTotal(
    members.reduce((total, { size }) => total + size, 0),
    file.size,
  )
  if (isTarHeader(file.read(0, 512))) throw refuse('zip-is-also-tar', 'it is a ZIP and a tar archive at once')
  return members
}
