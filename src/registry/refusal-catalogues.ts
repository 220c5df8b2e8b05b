import { inflatedTotalRefusals } from '../packaging/archive/inflated-total.ts'
import { memberNameRefusals } from '../packaging/archive/member-names.ts'
import { metadataRefusals } from '../packaging/metadata/refusals.ts'
import type { RefusalCatalogue } from '../packaging/refusals.ts'
import { sdistRefusals } from '../packaging/sdist-refusals.ts'
import { gzipRefusals, tarRefusals } from '../packaging/tar/refusals.ts'
import { entryPointRefusals, recordRefusals, wheelRefusals } from '../packaging/wheel/refusals.ts'
import { zipRefusals } from '../packaging/zip/refusals.ts'
import { formRefusals } from './form-refusals.ts'

/** What reading an archive is refused for. */
export const archiveCatalogues: Readonly<Record<string, RefusalCatalogue>> = {
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

/** All reasons for which an upload is refused, by concern, in the order of the checks: the table of `docs/clients.md`. */
export const refusalCatalogues: Readonly<Record<string, RefusalCatalogue>> = {
  'The form and the filename': formRefusals,
  ...archiveCatalogues,
  'METADATA and PKG-INFO': metadataRefusals,
}
