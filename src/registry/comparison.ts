import { DomainError } from '../errors.ts'
import type { CoreMetadata } from '../packaging/core-metadata.ts'
import { compareForm, type FormDifference } from '../packaging/form-comparison.ts'
import { shown } from '../packaging/refusals.ts'
import type { Claim } from './claim.ts'
import { fieldValue } from './form-fields.ts'
import { refuseForm } from './form-refusals.ts'
import type { Digests } from './staging/messages.ts'

const digestFields = [
  ['sha256_digest', 'sha256'],
  ['blake2_256_digest', 'blake2b'],
  ['md5_digest', 'md5'],
] as const

/** Every digest that was sent must be that of the bytes that came. That one was sent `claimOf` has seen to. */
export function compareWithDigests({ fields, filename }: Claim, digests: Digests): void {
  const sent = digestFields.flatMap(([field, algorithm]) => {
    const value = fieldValue(fields, field)?.toLowerCase()
    return value === undefined ? [] : [{ field, value, actual: digests[algorithm] }]
  })
  for (const { field, value, actual } of sent) {
    if (value === actual) continue
    if (actual === undefined)
      throw refuseForm('form-digest-late', `The ${field} came after the file, other digests before it`)
    throw new DomainError(
      'digest-mismatch',
      `The ${field} sent for ${filename} is ${value}, but the bytes that arrived have ${actual}. The file was changed or cut on the way; upload it again.`,
    )
  }
}

/**
 * The archive is the authority; a form that would mislead an installer is refused, with both values. Answers what else
 * differs: for the audit, not for refusing.
 */
export function compareWithArchive({ fields, filename }: Claim, metadata: CoreMetadata): readonly FormDifference[] {
  const { misleading, other } = compareForm(fields, metadata)
  const [difference] = misleading
  if (difference === undefined) return other
  const { field, form, archive } = difference
  const why = `The form's ${field} is ${shown(form)}, but the metadata inside ${filename} says ${shown(archive)}`
  throw refuseForm('form-differs', why)
}
