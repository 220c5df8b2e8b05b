import type { RefusalCatalogue } from '../refusals.ts'

/** Core metadata, as PyPI reads it; `checks.ts` has the order. Where PyPI is stricter than what build back ends make, they win. */
export const metadataRefusals = {
  'metadata-not-utf-8': {
    means: 'METADATA or PKG-INFO is not UTF-8: installers would guess.',
    fix: 'Build it again with a current tool.',
  },
  'metadata-field-missing': {
    means: 'Metadata-Version, Name or Version is missing, or stands behind a line that is no header.',
    fix: 'Build it again with a current tool.',
  },
  'metadata-version-unknown': {
    means: 'The Metadata-Version is none that was ever specified: 1.0 to 1.2, 2.0 to 2.6.',
    fix: 'Build with a released version of your build back end; if it is newer than this index, update Wheelhouse.',
  },
  'metadata-name-invalid': {
    means: 'The Name is no project name (PEP 508).',
    fix: 'Use ASCII letters and digits, with ".", "_" and "-" inside.',
  },
  'metadata-version-invalid': {
    means: 'The Version is none by PEP 440, and no installer could order it.',
    fix: 'Write it as PEP 440 has it, such as 1.4.2, 2.0rc1 or 1.4.2+build7.',
  },
  'metadata-field-repeated': {
    means: 'A field that may stand there once stands there twice: installers differ in which one they read.',
    fix: 'Build it again with a current tool.',
  },
  'metadata-field-too-new': {
    means:
      'A field is newer than the Metadata-Version that the file declares. Those that real tools wrote too early are let through.',
    fix: 'Build it again with a current tool, which declares the version that it uses.',
  },
  'metadata-author-email-invalid': {
    means: 'Author-email or Maintainer-email is no list of addresses (RFC 5322).',
    fix: 'Write "Name <name@example.com>", several separated by commas, and names alone into Author.',
  },
  'metadata-classifier-unknown': {
    means:
      'A classifier begins with none of the categories that exist. Within a category all are let through, also newer ones.',
    fix: 'Correct it, or begin classifiers of your own with "Private :: ".',
  },
  'metadata-content-type-invalid': {
    means:
      'Description-Content-Type is none of text/plain, text/x-rst and text/markdown, or has other parameters than they do.',
    fix: 'Use one of the three, with charset=UTF-8 and for Markdown variant=GFM or CommonMark at most.',
  },
  'metadata-dynamic-invalid': {
    means: 'Dynamic names what is no field, or a field that cannot be dynamic (PEP 643).',
    fix: 'Build it again with a current tool.',
  },
  'metadata-url-invalid': {
    means: 'Home-page, Download-URL or Project-URL is no http or https URL.',
    fix: 'Give it as a whole URL: a project URL is "Label, https://example.com".',
  },
  'metadata-url-label-invalid': {
    means: 'A Project-URL has no label, or one of more than 32 characters.',
    fix: 'Write "Label, https://example.com" with a short label.',
  },
  'metadata-import-name-invalid': {
    means:
      'Import-Name or Import-Namespace is no dotted Python name, or says something other than "; private" (PEP 794).',
    fix: 'Name what can be imported, such as "acme.forms".',
  },
  'metadata-license-and-expression': {
    means: 'License and License-Expression are both given (PEP 639).',
    fix: 'Keep License-Expression.',
  },
  'metadata-license-expression-invalid': {
    means: 'License-Expression is no SPDX expression (PEP 639).',
    fix: 'Use identifiers from spdx.org/licenses with AND, OR and WITH, and "LicenseRef-Name" for any other licence.',
  },
  'metadata-license-file-invalid': {
    means: 'License-File is no plain relative path with "/" (PEP 639).',
    fix: 'Name files below the root of the project, without "..", "*" and "\\".',
  },
  'metadata-extra-invalid': {
    means: 'Provides-Extra is no name (PEP 685), or two of them are one.',
    fix: 'Use ASCII letters and digits, with ".", "_" and "-" inside.',
  },
  'metadata-requirement-invalid': {
    means: 'Requires-Dist, Provides-Dist or Obsoletes-Dist is no requirement (PEP 508); no installer could read it.',
    fix: 'Write it as PEP 508 has it, such as: requests[socks]>=2.8; python_version < "3.13".',
  },
  'metadata-requirement-direct': {
    means: 'A dependency is a URL. What it leads to may change, and the index could not vouch for it.',
    fix: 'Upload the dependency to this index and require it by name and version.',
  },
  'metadata-requires-python-invalid': {
    means: 'Requires-Python is no list of version specifiers (PEP 440); installers would ignore it or fail.',
    fix: 'Write it as PEP 440 has it, such as >=3.9,<4. A ".*" goes with == and != only.',
  },
  'metadata-summary-invalid': {
    means: 'Summary has more than one line, or more than 512 characters.',
    fix: 'Say it in one line; the rest is description.',
  },
} as const satisfies RefusalCatalogue
