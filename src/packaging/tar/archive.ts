import type { Sink } from '../archive/inflate.ts'
import type { RandomAccess } from '../random-access.ts'
import { refusing } from '../refusals.ts'
import { hasEndRecord } from '../zip/end-record.ts'
import { gunzip } from './gzip.ts'
import { memberChecks, type TarMember } from './members.ts'
import { tarReader } from './reader.ts'
import { gzipRefusals } from './refusals.ts'

const refuse = refusing(gzipRefusals)

/**
 * Reads a `.tar.gz` in one pass and constant memory. `open` may answer a sink for the content of a member. Rejects with a
 * `Refusal`.
 */
export async function readTarGz(
  file: RandomAccess,
  open: (member: TarMember) => Sink | undefined,
): Promise<readonly TarMember[]> {
  if (hasEndRecord(file)) throw refuse('tar-is-also-zip', 'it is a tar archive and a ZIP at once')
  const members: TarMember[] = []
  const check = memberChecks()
  const reader = tarReader((header) => {
    const member = check(header)
    if (member === undefined) return undefined
    members.push(member)
    return open(member)
  })
  await gunzip(file, reader.push)
  reader.finish()
  return members
}
