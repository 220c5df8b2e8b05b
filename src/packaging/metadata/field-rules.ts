import type { CoreMetadata } from '../core-metadata.ts'
import { parseProjectName } from '../names.ts'
import { refusing, shown } from '../refusals.ts'
import { parseVersion } from '../versions.ts'
import { ageOf, metadataFields } from './fields.ts'
import { metadataRefusals } from './refusals.ts'

const refuse = refusing(metadataRefusals)

/**
 * What real tools wrote before the version that allows it: setuptools 36 to 38 the first two, hatchling, maturin and
 * scikit-build-core License-Expression, setuptools since 42 and others License-File, distutils everything of 1.1.
 */
const oftenEarly = ['description-content-type', 'provides-extra', 'license-expression', 'license-file']

export function checkIdentity({ metadataVersion, name, version }: CoreMetadata): void {
  if (ageOf(metadataVersion) === undefined)
    throw refuse('metadata-version-unknown', `its Metadata-Version is ${shown(metadataVersion)}`)
  if (parseProjectName(name) === undefined) throw refuse('metadata-name-invalid', `its Name is ${shown(name)}`)
  if (parseVersion(version) === undefined) throw refuse('metadata-version-invalid', `its Version is ${shown(version)}`)
}

/** A description may stand in a header and in the body: tools agree on the body. */
export function checkRepeated({ headers }: CoreMetadata): void {
  for (const { header, isRepeatable } of metadataFields) {
    const values = headers.get(header.toLowerCase()) ?? []
    if (isRepeatable || values.length < 2) continue
    const all = values.slice(0, 3).map(shown).join(' and ')
    throw refuse('metadata-field-repeated', `it has ${header} ${values.length} times: ${all}`)
  }
}

export function checkFieldVersions({ headers, metadataVersion }: CoreMetadata): void {
  const age = ageOf(metadataVersion) ?? 0
  for (const { header, since } of metadataFields) {
    const name = header.toLowerCase()
    const isEarly = since === '1.1' || oftenEarly.includes(name)
    if ((ageOf(since) ?? 0) <= age || !headers.has(name) || isEarly) continue
    throw refuse(
      'metadata-field-too-new',
      `it has ${header}, which came with Metadata-Version ${since}, but says ${metadataVersion}`,
    )
  }
}

/** PEP 643: any field, but not those that identify the file. */
export function checkDynamic({ dynamic }: CoreMetadata): void {
  const known = metadataFields.map(({ header }) => header.toLowerCase())
  const allowed = known.filter((name) => !['metadata-version', 'name', 'version'].includes(name))
  const wrong = dynamic.find((name) => !allowed.includes(name.toLowerCase()))
  if (wrong !== undefined) throw refuse('metadata-dynamic-invalid', `its Dynamic says ${shown(wrong)}`)
}
