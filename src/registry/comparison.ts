import { DomainError } from '../errors.ts'
import type { CoreMetadata } from '../packaging/core-metadata.ts'
import { compareForm } from '../packaging/form-comparison.ts'
import { type Claim, fieldValue } from './claim.ts'
import type { Digests } from './staging/messages.ts'

const digestFields = [
  ['sha256_digest', 'sha256'],
  ['blake2_256_digest', 'blake2b'],
  ['md5_digest', 'md5'],
] as const

/** Every digest that was sent must be that of the bytes that came; at least one must have been sent. */
export function compareWithDigests({ fields, filename }: Claim, digests: Digests): void {
  const sent = digestFields.flatMap(([field, algorithm]) => {
    const value = fieldValue(fields, field)?.toLowerCase()
    return value === undefined ? [] : [{ field, value, actual: digests[algorithm] }]
  })
  if (sent.length === 0) {
    const text = 'Send at least one digest of the file with it: sha256_digest, blake2_256_digest or md5_digest.'
    throw new DomainError('invalid-upload', text)
  }
  for (const { field, value, actual } of sent) {
    if (value === actual) continue
    throw new DomainError(
      'digest-mismatch',
      `The ${field} sent for ${filename} is ${value}, but the bytes that arrived have ${actual}. The file was changed or cut on the way; upload it again.`,
    )
  }
}

/** The archive is the authority; a form that would mislead an installer is refused, with both values. */
export function compareWithArchive({ fields, filename }: Claim, metadata: CoreMetadata): void {
  const [difference] = compareForm(fields, metadata)
  if (difference === undefined) return
  const { field, form, archive } = difference
  throw new DomainError(
    'invalid-upload',
    `The form's ${field} is "${form}", but the metadata inside ${filename} says "${archive}". Build again, and upload what was built.`,
    { field },
  )
}
