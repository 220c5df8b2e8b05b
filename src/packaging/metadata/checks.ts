import type { CoreMetadata } from '../core-metadata.ts'
import { type Problem, refusalProblem } from '../refusals.ts'
import { checkDependencies, checkExtras, checkRequiresPython } from './dependencies.ts'
import { checkDynamic, checkFieldVersions, checkIdentity, checkRepeated } from './field-rules.ts'
import { checkImportNames } from './import-names.ts'
import { checkLicense, checkLicenseFiles } from './license.ts'
import { checkClassifiers, checkContentType, checkEmails, checkSummary, checkUrls } from './presentation.ts'

/** In PyPI's order: what identifies the file, its form as a whole, then field by field in the order of the alphabet. */
const checks: readonly ((metadata: CoreMetadata) => void)[] = [
  checkIdentity,
  checkRepeated,
  checkFieldVersions,
  checkEmails,
  checkClassifiers,
  checkContentType,
  checkDynamic,
  checkUrls,
  checkImportNames,
  checkLicense,
  checkLicenseFiles,
  checkExtras,
  checkDependencies,
  checkRequiresPython,
  checkSummary,
]

/** The first rule of core metadata that does not hold. `subject` is where it stands: "The METADATA inside app.whl". */
export function checkMetadata(metadata: CoreMetadata, subject: string): Problem | undefined {
  try {
    for (const check of checks) check(metadata)
    return undefined
  } catch (error) {
    return refusalProblem(error, `${subject} is not valid`)
  }
}
