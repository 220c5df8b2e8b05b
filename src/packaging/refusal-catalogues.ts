import { inflatedTotalRefusals } from './archive/inflated-total.ts'
import { memberNameRefusals } from './archive/member-names.ts'
import type { RefusalCatalogue } from './refusals.ts'
import { sdistRefusals } from './sdist-refusals.ts'
import { gzipRefusals, tarRefusals } from './tar/refusals.ts'
import { entryPointRefusals, recordRefusals, wheelRefusals } from './wheel/refusals.ts'
import { zipRefusals } from './zip/refusals.ts'

/** All reasons for which an upload is refused, by concern, in the order of the checks: the table of `docs/clients.md`. */
export const refusalCatalogues: Readonly<Record<string, RefusalCatalogue>> = {
  'ZIP archives (wheels, and source archives in .zip)': zipRefusals,
  'gzip files': gzipRefusals,
  'tar archives': tarRefusals,
  'Names in archives': memberNameRefusals,
  'Size of archives': inflatedTotalRefusals,
  'Source archives': sdistRefusals,
  Wheels: wheelRefusals,
  RECORD: recordRefusals,
  'Entry points and scripts': entryPointRefusals,
}
