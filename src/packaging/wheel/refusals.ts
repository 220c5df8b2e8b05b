import type { RefusalCatalogue } from '../refusals.ts'

const rebuild = 'Build it again with a current tool and upload what it made.'
const repack = 'After a change to a wheel pack it with "wheel pack", which writes a new RECORD.'
const retag = 'Change tags with "wheel tags", which renames the file and rewrites WHEEL.'

/** The wheel format (PyPA "Binary distribution format", PEP 427 and 491). */
export const wheelRefusals = {
  'wheel-no-dist-info': { means: 'The wheel has no .dist-info folder.', fix: rebuild },
  'wheel-several-dist-info': {
    means: 'The wheel has more than one .dist-info folder: installers refuse it.',
    fix: rebuild,
  },
  'wheel-dist-info-differs': {
    means: 'The .dist-info folder is of another project or version than the filename.',
    fix: `Do not rename wheels. ${rebuild}`,
  },
  'wheel-data-folder-differs': {
    means: 'A .data folder is not that of this release; pip takes its files for it all the same.',
    fix: rebuild,
  },
  'wheel-data-scheme-unknown': {
    means: 'A file in the .data folder is in no folder of purelib, platlib, headers, scripts or data: pip refuses it.',
    fix: rebuild,
  },
  'wheel-file-missing': { means: 'METADATA, WHEEL or RECORD is missing in the .dist-info folder.', fix: rebuild },
  'wheel-file-too-large': {
    means: 'METADATA, WHEEL, RECORD or entry_points.txt is larger than any real one.',
    fix: rebuild,
  },
  'wheel-file-malformed': { means: 'WHEEL is not UTF-8 text, or lacks one of its fields.', fix: rebuild },
  'wheel-version-unknown': {
    means: 'The Wheel-Version is not 1.x: installers refuse other major versions.',
    fix: rebuild,
  },
  'wheel-purelib-malformed': {
    means: 'Root-Is-Purelib is neither "true" nor "false": installers differ in where they put the files.',
    fix: rebuild,
  },
  'wheel-tags-differ': { means: 'The tags in WHEEL are not those of the filename.', fix: retag },
  'wheel-build-differs': { means: 'The build number in WHEEL is not that of the filename.', fix: retag },
  'wheel-license-file-missing': {
    means: 'METADATA names a License-File that is not in the licenses folder (PEP 639).',
    fix: rebuild,
  },
} as const satisfies RefusalCatalogue

export const recordRefusals = {
  'record-malformed': { means: 'RECORD is not CSV in UTF-8 with three columns: path, hash, size.', fix: rebuild },
  'record-duplicate': { means: 'RECORD has a path twice.', fix: rebuild },
  'record-path-unsafe': {
    means: 'RECORD has a path that is absolute or leads out of the wheel: uninstalling would delete it.',
    fix: rebuild,
  },
  'record-file-missing': { means: 'RECORD lists a file that is not in the wheel.', fix: repack },
  'record-incomplete': {
    means: 'A file in the wheel is not in RECORD: it would stay behind when the project is uninstalled.',
    fix: repack,
  },
  'record-hash-missing': { means: 'RECORD has no hash for a file.', fix: repack },
  'record-hash-weak': { means: 'RECORD has a hash that is not SHA-256 or better, such as MD5 or SHA-1.', fix: rebuild },
  'record-hash-malformed': {
    means: 'A hash in RECORD is not base64 in the URL-safe alphabet, or of a wrong length.',
    fix: rebuild,
  },
  'record-hash-differs': {
    means: 'A file has another hash than RECORD says: it was changed after the build.',
    fix: repack,
  },
  'record-size-differs': { means: 'A file has another size than RECORD says.', fix: repack },
  'record-hashes-itself': {
    means: 'RECORD has a hash for itself or for its signature, which cannot be right.',
    fix: rebuild,
  },
} as const satisfies RefusalCatalogue

/** PyPA "Entry points specification". */
export const entryPointRefusals = {
  'entry-points-malformed': {
    means: 'entry_points.txt is not INI in UTF-8, with "name = value" in sections.',
    fix: 'Correct the entry points of the project and build again.',
  },
  'entry-points-duplicate': {
    means: 'entry_points.txt has a section or a name twice.',
    fix: 'Take one of the two away and build again.',
  },
  'entry-points-script-name': {
    means:
      'A console or GUI script has a name with characters other than letters, digits, ".", "_" and "-": a path would be written elsewhere.',
    fix: 'Rename the script and build again.',
  },
  'entry-points-script-target': {
    means: 'A console or GUI script does not say "module:function": pip refuses to install it.',
    fix: 'Name a function, as in "app.cli:main", and build again.',
  },
  'wheel-script-name': {
    means: 'A file in .data/scripts lies in a folder of its own, or its name is no name of a program.',
    fix: 'Rename the script and build again.',
  },
} as const satisfies RefusalCatalogue
