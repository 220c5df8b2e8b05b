import type { CoreMetadata } from '../core-metadata.ts'
import { refusing, shown } from '../refusals.ts'
import { parseLicenseExpression } from './license-expression.ts'
import { metadataRefusals } from './refusals.ts'

const refuse = refusing(metadataRefusals)

/** PEP 639. Licence classifiers beside an expression are deprecated, but mislead nobody. */
export function checkLicense({ license, licenseExpression }: CoreMetadata): void {
  if (licenseExpression === undefined) return
  const parsed = parseLicenseExpression(licenseExpression)
  if (!parsed.ok) throw refuse('metadata-license-expression-invalid', `its License-Expression is wrong: ${parsed.why}`)
  if (license === undefined) return
  throw refuse(
    'metadata-license-and-expression',
    `its License is ${shown(license)} and its License-Expression ${shown(licenseExpression)}`,
  )
}

/** A path that leads out of the project, or on Windows elsewhere. Whether the file is there is a question to the archive. */
export function checkLicenseFiles({ licenseFiles }: CoreMetadata): void {
  const wrong = licenseFiles.find((path) => /^\/|^[A-Za-z]:|\\|\*/.test(path) || path.split('/').includes('..'))
  if (wrong !== undefined) throw refuse('metadata-license-file-invalid', `its License-File is ${shown(wrong)}`)
}
