import { ageOf } from '../packaging/metadata/fields.ts'
import { parseProjectName } from '../packaging/names.ts'
import { shown } from '../packaging/refusals.ts'
import { parseVersion, type Version } from '../packaging/versions.ts'
import { type Filetype, type FormFields, fieldValue, type UploadRules } from './form-fields.ts'
import { refuseForm } from './form-refusals.ts'

export function checkProtocol(fields: FormFields): void {
  const action = fieldValue(fields, ':action') ?? ''
  if (action !== 'file_upload') throw refuseForm('form-action-unknown', `The form's ":action" is ${shown(action)}`)
  const protocol = fieldValue(fields, 'protocol_version') ?? '1'
  if (protocol !== '1') throw refuseForm('form-protocol-unknown', `Unknown protocol version ${shown(protocol)}`)
}

export function checkName(fields: FormFields): string {
  const name = fieldValue(fields, 'name') ?? ''
  const project = parseProjectName(name)
  if (project === undefined) throw refuseForm('form-name-invalid', `${shown(name)} is no valid project name`)
  return project
}

export function checkFiletype(fields: FormFields): Filetype {
  const filetype = fieldValue(fields, 'filetype') ?? ''
  if (filetype === 'bdist_wheel' || filetype === 'sdist') return filetype
  throw refuseForm('form-filetype-unknown', `The form's filetype is ${shown(filetype)}`)
}

/** flit sends none for a source archive, poetry an empty one. */
export function checkPythonVersion(fields: FormFields, filetype: Filetype): void {
  const pyversion = fieldValue(fields, 'pyversion')
  if (filetype === 'bdist_wheel' ? pyversion !== undefined : (pyversion ?? 'source') === 'source') return
  throw refuseForm('form-pyversion-invalid', `The form's pyversion is ${shown(pyversion ?? '')} for a ${filetype}`)
}

/** In any case of letters: some clients send capitals. Whether they are those of the file is `comparison.ts`. */
export function checkDigests(fields: FormFields): void {
  const lengths = { sha256_digest: 64, blake2_256_digest: 64, md5_digest: 32 }
  const sent = Object.entries(lengths).flatMap(([field, length]) => {
    const value = fieldValue(fields, field)
    return value === undefined ? [] : [{ field, value, length }]
  })
  if (sent.length === 0) throw refuseForm('form-digest-missing', 'The form has no digest of the file')
  const wrong = sent.find(({ value, length }) => value.length !== length || !/^[\da-f]+$/i.test(value))
  if (wrong !== undefined)
    throw refuseForm(
      'form-digest-invalid',
      `The ${wrong.field} ${shown(wrong.value)} is no ${wrong.length} hexadecimal digits`,
    )
}

/** Only whether there is such a version: flit says 2.3 whatever the file says. */
export function checkMetadataVersion(fields: FormFields): void {
  const version = fieldValue(fields, 'metadata_version')
  if (version === undefined || ageOf(version) !== undefined) return
  throw refuseForm('form-metadata-version-unknown', `The form's metadata_version is ${shown(version)}`)
}

export function checkVersion(fields: FormFields, { allowLocalVersions }: UploadRules): Version {
  const text = fieldValue(fields, 'version') ?? ''
  const version = parseVersion(text)
  if (version === undefined) throw refuseForm('form-version-invalid', `${shown(text)} is no valid version`)
  if (version.local !== undefined && !allowLocalVersions)
    throw refuseForm('policy-local-version', `The version ${version.canonical} has the local part "+${version.local}"`)
  return version
}
