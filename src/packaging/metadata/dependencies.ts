import type { CoreMetadata } from '../core-metadata.ts'
import { parseProjectName } from '../names.ts'
import { refusing, shown } from '../refusals.ts'
import { parseRequirement } from '../requirements.ts'
import { parseSpecifiers } from '../specifiers.ts'
import { ageOf } from './fields.ts'
import { metadataRefusals } from './refusals.ts'

const refuse = refusing(metadataRefusals)

export function checkDependencies({ requiresDist, providesDist, obsoletesDist }: CoreMetadata): void {
  const fields = { 'Obsoletes-Dist': obsoletesDist, 'Provides-Dist': providesDist, 'Requires-Dist': requiresDist }
  for (const [field, texts] of Object.entries(fields)) for (const text of texts) checkRequirement(field, text)
}

/** PyPI refuses direct references too: what a URL leads to tomorrow, nobody has tested today. */
function checkRequirement(field: string, text: string): void {
  const requirement = parseRequirement(text)
  if (requirement === undefined) throw refuse('metadata-requirement-invalid', `its ${field} is ${shown(text)}`)
  if (requirement.url !== undefined) throw refuse('metadata-requirement-direct', `its ${field} is ${shown(text)}`)
}

export function checkRequiresPython({ requiresPython }: CoreMetadata): void {
  if (requiresPython === undefined || parseSpecifiers(requiresPython) !== undefined) return
  throw refuse('metadata-requires-python-invalid', `its Requires-Python is ${shown(requiresPython)}`)
}

/**
 * Before Metadata 2.1 the field was not specified, and setuptools 36 wrote conditions into it. Names that are one by
 * PEP 685 are an error since 2.3.
 */
export function checkExtras({ metadataVersion, providesExtra }: CoreMetadata): void {
  const age = ageOf(metadataVersion) ?? 0
  if (age < (ageOf('2.1') ?? 0)) return
  const seen = new Map<string, string>()
  for (const extra of providesExtra) {
    const name = parseProjectName(extra)
    if (name === undefined) throw refuse('metadata-extra-invalid', `its Provides-Extra is ${shown(extra)}`)
    const before = seen.get(name)
    if (before !== undefined && age >= (ageOf('2.3') ?? 0))
      throw refuse('metadata-extra-invalid', `its Provides-Extra ${shown(before)} and ${shown(extra)} are one name`)
    seen.set(name, extra)
  }
}
