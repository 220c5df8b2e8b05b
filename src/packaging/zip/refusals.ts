import type { RefusalCatalogue } from '../refusals.ts'

const rebuild = 'Build it again with a current tool and upload what it made.'
const fetchAgain = 'It was changed or cut after it was built: build it again.'

/**
 * ZIP can be read from its end (central directory) and from its start (local headers). Where the two differ, pip, uv and a
 * scanner see different archives; so both readings must agree in all (APPNOTE 6.3.10; PyPI's rules of August 2025).
 */
export const zipRefusals = {
  'zip-no-end-record': {
    means: 'There is no end of central directory record: it is no ZIP, or was cut off.',
    fix: fetchAgain,
  },
  'zip-trailing-data': { means: 'Bytes follow the end record that are not its comment.', fix: fetchAgain },
  'zip-leading-data': {
    means:
      'Bytes stand before the first member, or nothing that is in the directory does: readers from the start stop there.',
    fix: 'Upload the plain ZIP, not a self-extracting one.',
  },
  'zip-several-disks': { means: 'It is part of an archive over several disks.', fix: rebuild },
  'zip-entry-count-differs': { means: 'The end record counts other members than the directory has.', fix: fetchAgain },
  'zip-directory-misplaced': {
    means: 'The central directory is not where the end record says, or does not end where the end records begin.',
    fix: fetchAgain,
  },
  'zip-directory-damaged': { means: 'The central directory is cut off or has a record that is none.', fix: fetchAgain },
  'zip-directory-too-large': { means: 'The central directory is too large to be read.', fix: 'Pack fewer files.' },
  'zip-zip64-no-locator': {
    means: 'The end record points to a ZIP64 record, but no locator leads to it.',
    fix: rebuild,
  },
  'zip-zip64-misplaced': { means: 'The ZIP64 locator does not lead to the record right before it.', fix: rebuild },
  'zip-zip64-extensible-data': {
    means: 'The ZIP64 end record carries extra data, in which an archive can hide.',
    fix: rebuild,
  },
  'zip-zip64-end-differs': { means: 'The ZIP64 end record and the plain one disagree.', fix: rebuild },
  'zip-zip64-extra-malformed': {
    means:
      'The ZIP64 extra of a member has a wrong length or repeats a value otherwise: readers find other sizes in it.',
    fix: rebuild,
  },
  'zip-extra-malformed': { means: 'The extra fields of a member cannot be told apart.', fix: rebuild },
  'zip-extra-duplicate': { means: 'A member has two ZIP64 or two Unicode path extras.', fix: rebuild },
  'zip-unicode-path-differs': {
    means:
      'The Unicode path extra gives a member another name than its header: some programs use the one, others the other.',
    fix: rebuild,
  },
  'zip-name-not-utf8': {
    means: 'The name of a member is not UTF-8.',
    fix: 'Rename the file, or build with a current tool.',
  },
  'zip-name-flag-missing': {
    means:
      'A name has letters beyond ASCII but is not marked as UTF-8 (flag bit 11): readers guess different encodings.',
    fix: 'Build with a current tool, or use ASCII names.',
  },
  'zip-encrypted': {
    means: 'A member or the directory is encrypted: installers have no password.',
    fix: 'Build it without encryption.',
  },
  'zip-patched-data': { means: 'A member is a patch to another file, which installers cannot read.', fix: rebuild },
  'zip-compression-method': {
    means: 'A member is neither stored nor deflated; pip on some systems cannot unpack bzip2, LZMA or Zstandard.',
    fix: 'Build with deflate, as all Python build tools do unless told otherwise.',
  },
  'zip-member-comment': { means: 'A member has a comment, which PyPI refuses as a place to hide data.', fix: rebuild },
  'zip-member-type': {
    means:
      'A member is a link, a device or another special file: installers would write its target as text or follow it.',
    fix: 'Pack the file itself in place of the link.',
  },
  'zip-folder-with-content': { means: 'A folder (its name ends in "/") has content.', fix: rebuild },
  'zip-stored-size-differs': { means: 'A stored member has another size packed than unpacked.', fix: rebuild },
  'zip-local-header-missing': {
    means: 'No local header stands where the directory says that a member begins.',
    fix: fetchAgain,
  },
  'zip-local-name-differs': {
    means: 'A member has another name in its local header than in the directory.',
    fix: fetchAgain,
  },
  'zip-local-method-differs': {
    means: 'A member has another compression method in its local header.',
    fix: fetchAgain,
  },
  'zip-local-flags-differ': { means: 'A member has other flags in its local header.', fix: fetchAgain },
  'zip-local-size-differs': {
    means: 'A member has other sizes in its local header than in the directory.',
    fix: fetchAgain,
  },
  'zip-local-crc-differs': { means: 'A member has another checksum in its local header.', fix: fetchAgain },
  'zip-descriptor-stored': {
    means: 'A stored member has a data descriptor: who reads from the start cannot know where it ends.',
    fix: 'Build to a file, not to a pipe, or deflate the member.',
  },
  'zip-descriptor-differs': {
    means: 'The data descriptor after a member disagrees with the directory.',
    fix: fetchAgain,
  },
  'zip-hidden-data': {
    means: 'Bytes lie between two members, or before the directory, that belong to none.',
    fix: rebuild,
  },
  'zip-overlap': { means: 'Two members share bytes, as in bombs that unpack one block many times.', fix: rebuild },
  'zip-content-damaged': { means: 'A member cannot be inflated.', fix: fetchAgain },
  'zip-content-size-differs': { means: 'A member inflates to more or fewer bytes than it says.', fix: fetchAgain },
  'zip-content-crc-differs': { means: 'The content of a member does not have its checksum.', fix: fetchAgain },
  'zip-content-hidden-data': { means: 'Bytes follow the end of a deflate stream within its member.', fix: rebuild },
  'zip-is-also-tar': { means: 'It reads as a ZIP and as a tar archive, with different members.', fix: rebuild },
} as const satisfies RefusalCatalogue
