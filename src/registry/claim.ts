import { checkCharacters, checkFilename, checkPlatforms } from './filename-checks.ts'
import {
  checkDigests,
  checkFiletype,
  checkMetadataVersion,
  checkName,
  checkProtocol,
  checkPythonVersion,
  checkVersion,
} from './form-checks.ts'
import type { Filetype, FormFields, UploadRules } from './form-fields.ts'
import { refuseForm } from './form-refusals.ts'

/** What the form and the filename say of an upload, parsed and agreeing with each other. The archive has yet to confirm it. */
export interface Claim {
  readonly filename: string
  readonly filetype: Filetype
  /** Normalised (PEP 503). */
  readonly project: string
  /** Canonical (PEP 440). */
  readonly version: string
  readonly fields: FormFields
}

/** What can be refused before the file has come: the filename, and the fields where they were sent first. */
export function checkEarly(fields: FormFields, filename: string | undefined, rules: UploadRules): void {
  if (filename === undefined || filename === '')
    throw refuseForm('filename-missing', 'The part "content" has no filename')
  checkCharacters(filename)
  if (fields.has(':action') && fields.has('name')) claimOf(fields, filename, rules)
}

/** Checks of form and filename alone, in PyPI's order. Rejects with `invalid-upload`. */
export function claimOf(fields: FormFields, filename: string, rules: UploadRules): Claim {
  checkProtocol(fields)
  const name = checkName(fields)
  const filetype = checkFiletype(fields)
  checkPythonVersion(fields, filetype)
  checkDigests(fields)
  checkMetadataVersion(fields)
  const version = checkVersion(fields, rules)
  checkCharacters(filename)
  checkFilename(filename, filetype, name, version)
  checkPlatforms(filename, filetype, rules)
  return { filename, filetype, project: name, version: version.canonical, fields }
}
