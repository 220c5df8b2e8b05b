import { DomainError } from '../errors.ts'
import { parseSdistFilename, parseWheelFilename } from '../packaging/filenames.ts'
import { parseProjectName } from '../packaging/names.ts'
import { parseVersion } from '../packaging/versions.ts'

/** Fields of the upload form by name, each with its values in the order sent. */
export type FormFields = ReadonlyMap<string, readonly string[]>

/** What the form and the filename say of an upload, parsed and agreeing with each other. The archive has yet to confirm it. */
export interface Claim {
  readonly filename: string
  readonly filetype: 'bdist_wheel' | 'sdist'
  /** Normalised (PEP 503). */
  readonly project: string
  /** Canonical (PEP 440). */
  readonly version: string
  readonly fields: FormFields
}

/** The one value of a field. Old clients send empty text or "UNKNOWN" for what is absent. */
export function fieldValue(fields: FormFields, name: string): string | undefined {
  const value = fields.get(name)?.[0]?.trim()
  return value === undefined || value === '' || value === 'UNKNOWN' ? undefined : value
}

/** What can be refused before the file has come: the filename, and the fields where they were sent first. */
export function checkEarly(fields: FormFields, filename: string | undefined): void {
  if (filename === undefined || filename === '') throw refuse('The part "content" has no filename.')
  checkFilename(filename)
  if (fields.has(':action') && fields.has('name')) claimOf(fields, filename)
}

/** Checks of form and filename alone, in PyPI's order. Rejects with `invalid-upload`. */
export function claimOf(fields: FormFields, filename: string): Claim {
  checkProtocol(fields)
  const project = checkName(fields)
  const version = checkVersion(fields)
  const filetype = checkFiletype(fields)
  checkFilename(filename)
  const named = filetype === 'bdist_wheel' ? parseWheelFilename(filename) : parseSdistFilename(filename, project)
  if (!named.ok) throw refuse(named.problem)
  if (named.project !== project) {
    throw refuse(
      `The filename ${filename} is of the project "${named.project}", but the form says "${project}". Build again, and upload what was built.`,
    )
  }
  if (named.version.canonical !== version) {
    throw refuse(
      `The filename ${filename} has the version ${named.version.canonical}, but the form says ${version}. Build again, and upload what was built.`,
    )
  }
  return { filename, filetype, project, version, fields }
}

function checkProtocol(fields: FormFields): void {
  const action = fieldValue(fields, ':action')
  if (action !== 'file_upload') {
    throw refuse(
      `The form's ":action" is "${action ?? ''}", but only "file_upload" is served: projects need no registration, upload a file.`,
    )
  }
  const protocol = fieldValue(fields, 'protocol_version') ?? '1'
  if (protocol !== '1') throw refuse(`Unknown protocol version "${protocol}": this index speaks 1.`)
}

function checkName(fields: FormFields): string {
  const name = fieldValue(fields, 'name')
  const project = name === undefined ? undefined : parseProjectName(name)
  if (project !== undefined) return project
  throw refuse(
    `"${name ?? ''}" is no valid project name: it must start and end with a letter or digit, with only ASCII letters, digits, ".", "_" and "-" in between (PEP 508).`,
  )
}

function checkVersion(fields: FormFields): string {
  const text = fieldValue(fields, 'version')
  const version = text === undefined ? undefined : parseVersion(text)
  if (version !== undefined) return version.canonical
  throw refuse(
    `"${text ?? ''}" is no valid version: write it as PEP 440 has it, such as 1.4.2, 2.0rc1 or 1.4.2+build7.`,
  )
}

function checkFiletype(fields: FormFields): Claim['filetype'] {
  const filetype = fieldValue(fields, 'filetype')
  if (filetype === 'bdist_wheel' || filetype === 'sdist') return filetype
  throw refuse(
    `The form's filetype is "${filetype ?? ''}"; use "bdist_wheel" for a wheel or "sdist" for a source archive.`,
  )
}

function checkFilename(filename: string): void {
  const plain = /^[\x21-\x7e]+$/.test(filename) && !/[/\\"]/.test(filename) && !filename.startsWith('.')
  if (plain && filename.length <= 230) return
  throw refuse(
    'The filename must be plain ASCII without spaces, slashes, quotes and control characters, and at most 230 characters long.',
  )
}

function refuse(message: string): DomainError {
  return new DomainError('invalid-upload', message)
}
