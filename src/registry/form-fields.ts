/** Fields of the upload form by name, each with its values in the order sent. */
export type FormFields = ReadonlyMap<string, readonly string[]>

/** What form and filename may say here, and may not on PyPI. */
export interface UploadRules {
  /** 1.4.2+build7 */
  readonly allowLocalVersions: boolean
  /** linux_x86_64 and other names of a build machine. */
  readonly allowLinuxTags: boolean
}

/** Those of the file; at least one is sent. */
export const digestFields = ['sha256_digest', 'blake2_256_digest', 'md5_digest'] as const

export type Filetype = 'bdist_wheel' | 'sdist'

/** The one value of a field. Old clients send empty text or "UNKNOWN" for what is absent. */
export function fieldValue(fields: FormFields, name: string): string | undefined {
  const value = fields.get(name)?.[0]?.trim()
  return value === undefined || value === '' || value === 'UNKNOWN' ? undefined : value
}
