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
import { digestFields, type Filetype, type FormFields, fieldValue, type UploadRules } from './form-fields.ts'
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

/**
 * What can be refused before the file has come: the filename, and the fields where they were sent first. Answers
 * `undefined` where some of them may still come.
 */
export function claimEarly(fields: FormFields, filename: string | undefined, rules: UploadRules): Claim | undefined {
  if (filename === undefined || filename === '')
    throw refuseForm('filename-missing', 'The part "content" has no filename')
  checkCharacters(filename)
  return cameFirst(fields) ? claimOf(fields, filename, rules) : undefined
}

/** Have all fields come that a claim is made of? Their order is free, on both sides of the file. */
function cameFirst(fields: FormFields): boolean {
  const needed = [
    ':action',
    'name',
    'version',
    'filetype',
    ...(fieldValue(fields, 'filetype') === 'sdist' ? [] : ['pyversion']),
  ]
  return needed.every((name) => fields.has(name)) && digestFields.some((name) => fieldValue(fields, name) !== undefined)
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
