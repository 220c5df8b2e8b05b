import { parseSdistFilename, parseWheelFilename, type WheelName } from '../packaging/filenames.ts'
import { kindOfPlatformTag } from '../packaging/platform-tags.ts'
import { shown } from '../packaging/refusals.ts'
import { parseVersion, type Version } from '../packaging/versions.ts'
import type { Filetype, UploadRules } from './form-fields.ts'
import { refuseForm } from './form-refusals.ts'

export function checkCharacters(filename: string): void {
  // What a name, a version, a build number and tags are made of; it becomes part of URLs and of keys in the store.
  const plain = /^[A-Za-z0-9][\w.+!-]*$/.test(filename) && !filename.includes('..')
  if (plain && filename.length <= 230) return
  throw refuseForm('filename-characters', `The filename ${shown(filename)} is not plain`)
}

export function checkFilename(filename: string, filetype: Filetype, name: string, version: Version): void {
  const wheel = filetype === 'bdist_wheel' ? parseWheelFilename(filename) : undefined
  const named = wheel ?? parseSdistFilename(filename, name)
  if (!named.ok) throw refuseForm('filename-invalid', withoutStop(named.problem))
  if (wheel?.ok === true) checkSpelling(filename, wheel.spelled)
  if (named.project !== name)
    throw refuseForm(
      'filename-name-differs',
      `The filename ${filename} is of the project "${named.project}", but the form says "${name}"`,
    )
  if (named.version.key !== version.key)
    throw refuseForm(
      'filename-version-differs',
      `The filename ${filename} has the version ${named.version.canonical}, but the form says ${version.canonical}`,
    )
}

/** What older tools let pass, and installers of today (`packaging` since 22) do not see: 1.0_1 for 1.0-1, a double underscore. */
function checkSpelling(filename: string, { name, version }: WheelName['spelled']): void {
  if (name.includes('__')) throw refuseForm('filename-invalid', `The filename ${filename} has "__" in its name`)
  if (parseVersion(version) === undefined)
    throw refuseForm(
      'filename-invalid',
      `The filename ${filename} has the version "${version}", which pip does not read`,
    )
}

export function checkPlatforms(filename: string, filetype: Filetype, { allowLinuxTags }: UploadRules): void {
  const named = filetype === 'bdist_wheel' ? parseWheelFilename(filename) : undefined
  if (named?.ok !== true) return
  for (const tag of named.tags.platform) {
    const kind = kindOfPlatformTag(tag)
    if (kind === 'unknown')
      throw refuseForm('filename-platform-unknown', `The wheel ${filename} has the platform tag ${shown(tag)}`)
    if (kind === 'local' && !allowLinuxTags)
      throw refuseForm('policy-platform-local', `The wheel ${filename} has the platform tag ${shown(tag)}`)
  }
}

/** The first sentence of a problem, which says its own remedy otherwise. */
function withoutStop(problem: string): string {
  return problem.replace(/\.?\s+Build with a current tool.*$/, '').replace(/\.$/, '')
}
