import type { BuiltArchive } from './wheels.ts'

/** An attestation object (PEP 740) by its form; nobody verifies the signature yet. */
export function attestationOf({ filename, sha256 }: BuiltArchive) {
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: filename, digest: { sha256 } }],
    predicateType: 'https://docs.pypi.org/attestations/publish/v1',
    predicate: null,
  }
  return {
    version: 1,
    verification_material: { certificate: 'MIIB', transparency_entries: [{ logIndex: '1' }] },
    envelope: { statement: Buffer.from(JSON.stringify(statement)).toString('base64'), signature: 'AAAA' },
  }
}
