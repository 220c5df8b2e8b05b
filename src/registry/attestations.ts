import { z } from 'zod'
import type { FormFields } from './form-fields.ts'
import { fieldValue } from './form-fields.ts'
import { refuseForm } from './form-refusals.ts'

/** PEP 740, "Attestation objects". What is in the material is for whoever verifies. */
const attestation = z.object({
  version: z.literal(1),
  verification_material: z.record(z.string(), z.unknown()),
  envelope: z.object({ statement: z.base64(), signature: z.base64() }),
})

const attestations = z.array(attestation).min(1).max(100)

/** in-toto Statement v1: the subject is the distribution by filename and digest (PEP 740). */
const statement = z.object({
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256: z.string() }) })).length(1),
})

interface Subject {
  readonly filename: string
  /** Hex. */
  readonly sha256: string
}

/**
 * What is kept of attestations that came with an upload: a provenance object (PEP 740) as bytes, or `undefined` where none
 * came. Signatures are not verified yet, and it says so by its publisher: the token that sent them, which nobody
 * certified. Rejects with `invalid-upload` where they are malformed or speak of another file.
 */
export function provenanceOf(fields: FormFields, subject: Subject, uploadedBy: string): Uint8Array | undefined {
  const text = fieldValue(fields, 'attestations')
  if (text === undefined) return undefined
  const parsed = attestations.safeParse(jsonOf(text))
  if (!parsed.success) throw refuseForm('attestations-malformed', 'The attestations cannot be read')
  const other = parsed.data.find((one) => !isAbout(one.envelope.statement, subject))
  if (other !== undefined)
    throw refuseForm('attestations-of-other-file', `An attestation is not about ${subject.filename} with these bytes`)
  const publisher = { kind: 'Wheelhouse token', name: uploadedBy, claims: null }
  // As they were sent: verification is over their bytes, and newer versions may have fields that we do not know.
  const bundle = { publisher, attestations: jsonOf(text) }
  return Buffer.from(JSON.stringify({ version: 1, attestation_bundles: [bundle] }))
}

function isAbout(encoded: string, { filename, sha256 }: Subject): boolean {
  const parsed = statement.safeParse(jsonOf(Buffer.from(encoded, 'base64').toString('utf8')))
  if (!parsed.success) return false
  return parsed.data.subject.every(({ name, digest }) => name === filename && digest.sha256 === sha256)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
