import type { ErrorCode } from '../errors.ts'
import { inflatedTotalRefusals } from '../packaging/archive/inflated-total.ts'
import { memberNameRefusals } from '../packaging/archive/member-names.ts'
import { metadataRefusals } from '../packaging/metadata/refusals.ts'
import type { RefusalCatalogue, RefusalReason } from '../packaging/refusals.ts'
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

/** What else an upload may be answered with, by the code of the error (`error` in the JSON body), in the order of the checks. */
export const otherRefusals = {
  'method-not-allowed': {
    means: 'The upload went to the URL of the index.',
    fix: 'Upload to /legacy/: the answer has the whole URL.',
  },
  'authentication-required': {
    means: 'There was no token, or one that is unknown, expired or revoked.',
    fix: 'Send a token as the password, with any user name.',
  },
  'too-many-attempts': {
    means: 'Too many bad tokens came from this address.',
    fix: 'Wait as long as Retry-After says. Good tokens go on working meanwhile.',
  },
  'permission-denied': {
    means: 'The token is good, but not for uploads, or not for this project.',
    fix: 'Ask an admin for a token with the scope upload, or upload:NAME for the project.',
  },
  'upload-too-large': {
    means: 'The file is larger than upload.max_bytes, or the fields of the form are larger than any metadata.',
    fix: 'Publish large data elsewhere, or raise upload.max_bytes in wheelhouse.yaml.',
  },
  'digest-mismatch': {
    means: 'The bytes that arrived do not have a digest that was sent with them.',
    fix: 'Upload again: the file was changed or cut on the way.',
  },
  'file-exists': {
    means:
      'The filename is in use with other bytes, or was before it was deleted; or the release has its source archive, or this wheel, under a name spelled otherwise.',
    fix: 'Raise the version and upload again. The same bytes under the same name are always fine.',
  },
  'project-closed': {
    means: 'The project is archived or quarantined (PEP 792), and takes no uploads.',
    fix: 'Make it active again first: PUT /projects/NAME/status.',
  },
  'storage-unavailable': {
    means: 'The store does not answer, or its disk is full. Nothing was stored.',
    fix: 'Upload again in a moment; the answer and the log say what is wrong.',
  },
} as const satisfies Partial<Record<ErrorCode, RefusalReason>>
