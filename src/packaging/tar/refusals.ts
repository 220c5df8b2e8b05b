import type { RefusalCatalogue } from '../refusals.ts'

const rebuild = 'Build it again with a current tool and upload what it made.'
const fetchAgain = 'It was changed or cut after it was built: build it again.'

/** gzip (RFC 1952), of which an archive may have several members. */
export const gzipRefusals = {
  'gzip-not-gzip': {
    means: 'The file does not begin as gzip does.',
    fix: 'Upload a .tar.gz that is compressed by gzip.',
  },
  'gzip-header-malformed': {
    means: 'A gzip header is cut off, too long or has flags that do not exist.',
    fix: fetchAgain,
  },
  'gzip-cut-off': { means: 'The gzip stream ends early.', fix: fetchAgain },
  'gzip-damaged': { means: 'The gzip stream cannot be inflated.', fix: fetchAgain },
  'gzip-crc-differs': { means: 'What was inflated does not have the checksum of the gzip trailer.', fix: fetchAgain },
  'gzip-size-differs': { means: 'What was inflated does not have the size of the gzip trailer.', fix: fetchAgain },
  'gzip-trailing-data': { means: 'Bytes follow the gzip stream that are no further one.', fix: fetchAgain },
  'gzip-too-many-members': { means: 'The file has more gzip streams than any tool writes.', fix: rebuild },
  'tar-is-also-zip': { means: 'It reads as a tar archive and as a ZIP, with different members.', fix: rebuild },
} as const satisfies RefusalCatalogue

/** POSIX ustar and pax, GNU long names, and the seventh edition's format: where readers differ, none may be misled. */
export const tarRefusals = {
  'tar-cut-off': {
    means: 'The tar archive ends in the middle of a member, or before its end marker.',
    fix: fetchAgain,
  },
  'tar-header-damaged': { means: 'A tar header has a wrong checksum.', fix: fetchAgain },
  'tar-number-malformed': {
    means: 'The size in a tar header is not octal: readers make different numbers of it.',
    fix: rebuild,
  },
  'tar-prefix-without-ustar': {
    means: 'A header has a name prefix but is not of the ustar format: some readers join it to the name.',
    fix: rebuild,
  },
  'tar-trailing-data': {
    means: 'Bytes follow the end marker of the tar archive: readers that go on find more members.',
    fix: rebuild,
  },
  'tar-pax-malformed': { means: 'A PAX header is not made of "LENGTH KEY=VALUE" records in UTF-8.', fix: rebuild },
  'tar-pax-duplicate': { means: 'A PAX header gives a path, link or size twice.', fix: rebuild },
  'tar-pax-size-differs': {
    means:
      'PAX and ustar headers give a member two sizes: readers that heed only one find other members (CVE-2025-62518).',
    fix: rebuild,
  },
  'tar-pax-charset': { means: 'A PAX header asks for a character set other than UTF-8.', fix: rebuild },
  'tar-pax-global': { means: 'A global PAX header sets a path, link or size for all members.', fix: rebuild },
  'tar-extension-repeated': { means: 'A member has two long names, or one of PAX and one of GNU.', fix: rebuild },
  'tar-extension-dangling': { means: 'The archive ends after a header that belongs to a next member.', fix: rebuild },
  'tar-extension-too-large': { means: 'A PAX or GNU header is far larger than any path.', fix: rebuild },
  'tar-name-not-utf8': {
    means: 'The name of a member is not UTF-8.',
    fix: 'Rename the file, or build with a current tool.',
  },
  'tar-sparse': {
    means: 'A member is sparse, which PyPI refuses: readers disagree on where it ends.',
    fix: 'Build on plain files, or with a tool that does not look for holes.',
  },
  'tar-device': { means: 'A member is a device, a pipe or a socket.', fix: 'Leave it out of the archive.' },
  'tar-member-type': { means: 'A member is of a type that is neither file, folder nor link.', fix: rebuild },
  'tar-size-without-content': {
    means: 'A folder or link has a size: some readers skip as many bytes, others do not.',
    fix: rebuild,
  },
  'tar-file-named-as-folder': {
    means: 'A file has a name that ends in "/": some readers make it a folder.',
    fix: rebuild,
  },
  'tar-link-leaves': {
    means: 'A link leads out of the folder of the source archive.',
    fix: 'Pack the file itself in place of the link.',
  },
  'tar-link-without-target': {
    means: 'A hard link leads to no file that came before it.',
    fix: 'Pack the file itself in place of the link.',
  },
  'tar-member-below-link': {
    means: 'A member lies below a symbolic link: unpacking would write where the link leads.',
    fix: 'Pack the folder itself in place of the link.',
  },
} as const satisfies RefusalCatalogue
