import { entryPointCases } from './entry-points.ts'
import type { MalformedCase } from './malformed-case.ts'
import { memberNameCases } from './member-names.ts'
import { recordCases } from './records.ts'
import { sdistCases } from './sdists.ts'
import { tarEndingCases } from './tar-endings.ts'
import { tarCases } from './tars.ts'
import { wheelCases } from './wheels.ts'
import { zipFramingCases } from './zip-framing.ts'
import { zipMemberCases } from './zip-members.ts'

export const malformedCases: readonly MalformedCase[] = [
  ...zipFramingCases,
  ...zipMemberCases,
  ...memberNameCases,
  ...wheelCases,
  ...recordCases,
  ...entryPointCases,
  ...tarCases,
  ...tarEndingCases,
  ...sdistCases,
]
