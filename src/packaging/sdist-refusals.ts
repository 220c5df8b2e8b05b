import type { RefusalCatalogue } from './refusals.ts'

/** PyPA "Source distribution format" (PEP 517, 625, 643), and what setuptools made long before it. */
export const sdistRefusals = {
  'sdist-empty': { means: 'The source archive has no files.', fix: 'Build it again.' },
  'sdist-several-roots': {
    means: 'The source archive has more than one top folder, or files beside it.',
    fix: 'Build it with a build back end, not by hand.',
  },
  'sdist-root-differs': {
    means: 'The top folder is of another project or version than the filename.',
    fix: 'Do not rename source archives; build again and upload what was built.',
  },
  'sdist-no-pkg-info': {
    means: 'PKG-INFO is missing in the top folder.',
    fix: 'Build it with a build back end ("python -m build --sdist"): an archive of the sources alone is none.',
  },
  'sdist-pkg-info-unreadable': {
    means: 'PKG-INFO is a link or a folder, or larger than any real one.',
    fix: 'Build it again with a current tool.',
  },
  'sdist-license-file-missing': {
    means: 'PKG-INFO names a License-File that is not in the archive (PEP 639).',
    fix: 'Include the file and build again.',
  },
} as const satisfies RefusalCatalogue
