import { DomainError } from '../errors.ts'
import type { RefusalCatalogue } from '../packaging/refusals.ts'

/** What form and filename alone can be refused for; `claim.ts` has the order. */
export const formRefusals = {
  'form-not-multipart': {
    means: 'The body is no form of parts (RFC 7578).',
    fix: 'Upload with twine, uv, flit, hatch, pdm or poetry, or POST multipart/form-data as they do.',
  },
  'form-unreadable': {
    means: 'The form ends early, or is not made of parts as it should be.',
    fix: 'Was it cut off on the way? Upload it again.',
  },
  'form-too-many-parts': {
    means: 'The form has far more fields or files than any client sends.',
    fix: 'Send each field of the metadata once for each of its values, and one file.',
  },
  'form-file-missing': {
    means: 'The form has no file.',
    fix: 'Send the file as a part named "content", with a filename.',
  },
  'form-file-repeated': {
    means: 'The form has two files.',
    fix: 'Send each file with a form of its own.',
  },
  'form-action-unknown': {
    means: 'The form asks for something other than "file_upload", such as the registration of a project.',
    fix: 'Projects need no registration; upload a file.',
  },
  'form-protocol-unknown': {
    means: 'The upload protocol is not version 1.',
    fix: 'Use a released version of the client.',
  },
  'form-name-invalid': {
    means: 'The form has no name, or what is no project name (PEP 508).',
    fix: 'A name starts and ends with a letter or digit, with only ASCII letters, digits, ".", "_" and "-" in between.',
  },
  'form-version-invalid': {
    means: 'The form has no version, or none by PEP 440.',
    fix: 'Write it as PEP 440 has it, such as 1.4.2, 2.0rc1 or 1.4.2+build7.',
  },
  'form-filetype-unknown': {
    means: 'The filetype is neither "bdist_wheel" nor "sdist": eggs and installers are no longer in use.',
    fix: 'Send "bdist_wheel" for a wheel and "sdist" for a source archive.',
  },
  'form-pyversion-invalid': {
    means: 'The pyversion is missing for a wheel, or is not "source" for a source archive. Missing is fine for those.',
    fix: 'Send the Python tag of the wheel (py3), or "source".',
  },
  'form-metadata-version-unknown': {
    means: 'The metadata_version of the form is none that was ever specified.',
    fix: 'Use a released version of the client; if it is newer than this index, update Wheelhouse.',
  },
  'form-digest-missing': {
    means: 'No digest of the file was sent with it, so that nobody could tell whether it arrived whole.',
    fix: 'Send at least one: sha256_digest, blake2_256_digest or md5_digest.',
  },
  'form-digest-invalid': {
    means: 'A digest is not hexadecimal, or too short or long.',
    fix: 'Send it in hexadecimal digits.',
  },
  'form-digest-late': {
    means: 'Some digests came before the file, and one after it, when it could not be taken any more.',
    fix: 'Send all digests before the file, or all after it.',
  },
  'form-field-is-file': {
    means: 'A field of the form was sent as a file. Only "content" and "gpg_signature" are files.',
    fix: 'Send it as a plain field.',
  },
  'form-content-type': {
    means: 'The file has the media type of an image.',
    fix: 'Upload a wheel or a source archive.',
  },
  'filename-missing': {
    means: 'The file part of the form has no filename.',
    fix: 'Send the part "content" with a filename.',
  },
  'filename-characters': {
    means:
      'The filename has other characters than ASCII letters, digits, ".", "_", "-", "+" and "!", or "..", or is too long.',
    fix: 'Build with a current tool and upload what it made: at most 230 characters, the first a letter or digit.',
  },
  'filename-invalid': {
    means:
      'The filename is none of a wheel (PEP 427) or source archive (PEP 625), or has the ending of another filetype.',
    fix: 'Build with a current tool and upload what it made.',
  },
  'filename-name-differs': {
    means: 'The filename is of another project than the form.',
    fix: 'Build again, and upload what was built.',
  },
  'filename-version-differs': {
    means: 'The filename has another version than the form.',
    fix: 'Build again, and upload what was built.',
  },
  'filename-platform-unknown': {
    means: 'A platform tag of the wheel is none that installers know.',
    fix: 'Build again with a current tool, or repair the wheel with auditwheel or delocate.',
  },
  'policy-platform-local': {
    means:
      'A platform tag such as linux_x86_64 promises nothing of other machines, and this index does not allow them.',
    fix: 'Repair the wheel with auditwheel, or set upload.allow_linux_tags in wheelhouse.yaml.',
  },
  'policy-local-version': {
    means: 'A local version such as 1.0+build7, and this index does not allow them.',
    fix: 'Raise the version instead, or set upload.allow_local_versions in wheelhouse.yaml.',
  },
  'form-differs': {
    means:
      'Name, version, Requires-Python or Requires-Dist of the form mean something else than those inside the archive.',
    fix: 'Build again, and upload what was built.',
  },
  'attestations-malformed': {
    means: 'The attestations that came with the file are no list of attestation objects (PEP 740).',
    fix: 'Make them with a current pypi-attestations, or upload without them.',
  },
  'attestations-of-other-file': {
    means: 'An attestation names another filename or other bytes than those uploaded: it would prove nothing of them.',
    fix: 'Sign again what is uploaded, after the last build.',
  },
} as const satisfies RefusalCatalogue

/** `why` has the values involved, and no full stop. */
export function refuseForm(code: keyof typeof formRefusals, why: string): DomainError {
  return new DomainError('invalid-upload', `${why}. ${formRefusals[code].fix} [${code}]`, { refusal: code })
}
