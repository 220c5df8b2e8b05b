import type { CoreMetadata } from './core-metadata.ts'

/** The License-File fields that must be there. Before Metadata 2.4 (PEP 639) tools wrote them without saying where. */
export function licenseFiles({ metadataVersion, headers }: CoreMetadata): readonly string[] {
  const [major = 0, minor = 0] = metadataVersion.split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 4) ? (headers.get('license-file') ?? []) : []
}
