export interface ProjectDescription {
  readonly name: string
  readonly version: string
  /** Requirements as in PEP 508, one each. */
  readonly requires?: readonly string[]
  readonly requiresPython?: string
  /** Content by path inside the archive. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly metadataVersion?: string
  /** Headers of METADATA or PKG-INFO to add or to replace; `null` takes one away. For archives that lie. */
  readonly metadata?: Readonly<Record<string, string | readonly string[] | null>>
}

/** METADATA or PKG-INFO (core metadata specification, RFC 822 headers and the description as body). */
export function coreMetadata(description: ProjectDescription): string {
  const headers: Record<string, string | readonly string[] | null> = {
    'Metadata-Version': description.metadataVersion ?? '2.1',
    Name: description.name,
    Version: description.version,
    Summary: `${description.name}, built by a test`,
    'Requires-Python': description.requiresPython ?? null,
    'Requires-Dist': description.requires ?? [],
    'Description-Content-Type': 'text/markdown',
    ...description.metadata,
  }
  const lines = Object.entries(headers).flatMap(([key, value]) =>
    value === null ? [] : [value].flat().map((one) => `${key}: ${one}`),
  )
  return `${lines.join('\n')}\n\n# ${description.name}\n`
}

/** The name as the filenames of wheels and sdists have it (PEP 503, then `_` for `-`). */
export function normalizedForFilename(name: string): string {
  return name.replace(/[-_.]+/g, '_').toLowerCase()
}
