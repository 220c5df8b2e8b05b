/** A field of core metadata: its header, the version of the specification that brought it, and what upload forms call it. */
export interface MetadataField {
  readonly header: string
  readonly since: MetadataVersion
  readonly isRepeatable: boolean
  readonly form: readonly string[]
}

/**
 * Versions of the specification. 2.0 was withdrawn, but `wheel` before 0.31 wrote it, and meant what became 2.1. 2.6 is what the
 * newest `packaging` knows.
 */
export const metadataVersions = ['1.0', '1.1', '1.2', '2.0', '2.1', '2.2', '2.3', '2.4', '2.5', '2.6'] as const

export type MetadataVersion = (typeof metadataVersions)[number]

/** https://packaging.python.org/specifications/core-metadata/; form names as twine, uv, flit, hatch, pdm and poetry send them. */
export const metadataFields: readonly MetadataField[] = [
  single('Metadata-Version', '1.0'),
  single('Name', '1.0'),
  single('Version', '1.0'),
  repeatable('Dynamic', '2.2'),
  repeatable('Platform', '1.0', 'platform', 'platforms'),
  repeatable('Supported-Platform', '1.1', 'supported_platform', 'supported_platforms'),
  single('Summary', '1.0'),
  single('Description', '1.0'),
  single('Description-Content-Type', '2.1'),
  single('Keywords', '1.0'),
  single('Home-page', '1.0', 'home_page'),
  single('Download-URL', '1.1', 'download_url'),
  single('Author', '1.0'),
  single('Author-email', '1.0'),
  single('Maintainer', '1.2'),
  single('Maintainer-email', '1.2'),
  single('License', '1.0'),
  single('License-Expression', '2.4'),
  repeatable('License-File', '2.4', 'license_file', 'license_files'),
  repeatable('Classifier', '1.1', 'classifiers', 'classifier'),
  repeatable('Requires-Dist', '1.2'),
  single('Requires-Python', '1.2'),
  repeatable('Requires-External', '1.2'),
  repeatable('Project-URL', '1.2', 'project_urls', 'project_url'),
  repeatable('Provides-Extra', '2.1', 'provides_extra', 'provides_extras'),
  repeatable('Provides-Dist', '1.2'),
  repeatable('Obsoletes-Dist', '1.2'),
  repeatable('Import-Name', '2.5', 'import_name', 'import_names'),
  repeatable('Import-Namespace', '2.5', 'import_namespace', 'import_namespaces'),
  repeatable('Requires', '1.1'),
  repeatable('Provides', '1.1'),
  repeatable('Obsoletes', '1.1'),
]

/** Position in the history of the specification; 2.0 counts as 2.1. `undefined` for a version that it never had. */
export function ageOf(version: string): number | undefined {
  const known = metadataVersions.find((one) => one === version)
  return known === undefined ? undefined : metadataVersions.indexOf(known === '2.0' ? '2.1' : known)
}

function single(header: string, since: MetadataVersion, ...form: readonly string[]): MetadataField {
  return { header, since, isRepeatable: false, form: formNames(header, form) }
}

function repeatable(header: string, since: MetadataVersion, ...form: readonly string[]): MetadataField {
  return { header, since, isRepeatable: true, form: formNames(header, form) }
}

function formNames(header: string, given: readonly string[]): readonly string[] {
  return given.length > 0 ? given : [header.toLowerCase().replace(/-/g, '_')]
}
