import { type RefusalCatalogue, refusing, shown } from '../refusals.ts'
import { checkMemberCount } from './inflated-total.ts'
import { archiveLimits } from './limits.ts'

export const memberNameRefusals = {
  'member-name-empty': {
    means: 'A member has no name.',
    fix: 'Build it again with a current tool.',
  },
  'member-name-control-character': {
    means: 'The name of a member has a control character, such as NUL or a line break: programs cut or split it there.',
    fix: 'Rename the file.',
  },
  'member-name-backslash': {
    means: 'The name of a member has a backslash, which is part of the name on Linux and separates folders on Windows.',
    fix: 'Build with a tool that separates folders by "/".',
  },
  'member-name-absolute': {
    means: 'The name of a member is an absolute path: unpacking would write outside of the folder meant.',
    fix: 'Build it again with paths relative to the root of the project.',
  },
  'member-name-parent': {
    means: 'The name of a member has a ".." part: unpacking would write outside of the folder meant.',
    fix: 'Build it again with files below the root of the project only.',
  },
  'member-name-not-plain': {
    means: 'The name of a member has an empty or "." part, so that two names could mean one file.',
    fix: 'Build it again with a current tool.',
  },
  'member-name-too-long': {
    means: `The name of a member has more than ${archiveLimits.nameBytes} bytes, or a part of it more than ${archiveLimits.namePartBytes}: no system could unpack it.`,
    fix: 'Shorten the name of the file or folder.',
  },
  'member-duplicate': {
    means: 'Two members have one name: some programs unpack the first, others the last.',
    fix: 'Build it again so that each file is packed once.',
  },
  'member-below-file': {
    means: 'One member is a file and another lies below it as if it were a folder.',
    fix: 'Rename one of the two.',
  },
} as const satisfies RefusalCatalogue

const refuse = refusing(memberNameRefusals)

/**
 * A name must be a plain relative path in every reader's eyes (APPNOTE 4.4.17.1: forward slashes, no drive). One slash at
 * the end marks a folder. The order is that of harm: what would write elsewhere is named first.
 */
export function checkMemberName(name: string): void {
  const path = name.endsWith('/') && name !== '/' ? name.slice(0, -1) : name
  const parts = path.split('/')
  if (path === '') throw refuse('member-name-empty', 'a member in it has no name')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\0-\x1f\x7f]/.test(path))
    throw refuse('member-name-control-character', `the name ${shown(name)} in it has a control character`)
  if (path.includes('\\')) throw refuse('member-name-backslash', `the name ${shown(name)} in it has a backslash`)
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path))
    throw refuse('member-name-absolute', `the name ${shown(name)} in it is an absolute path`)
  if (parts.includes('..')) throw refuse('member-name-parent', `the name ${shown(name)} in it has a ".." part`)
  if (parts.includes('') || parts.includes('.'))
    throw refuse('member-name-not-plain', `the name ${shown(name)} in it has an empty or "." part`)
  checkLength(name, path, parts)
}

function checkLength(name: string, path: string, parts: readonly string[]): void {
  const tooLong = (text: string, limit: number) => text.length > limit / 4 && Buffer.byteLength(text) > limit
  if (tooLong(path, archiveLimits.nameBytes) || parts.some((part) => tooLong(part, archiveLimits.namePartBytes)))
    throw refuse('member-name-too-long', `the name ${shown(name)} in it is too long to be unpacked`)
}

/** The names of an archive so far; adding one refuses what would unpack onto another. In tar folders may come twice. */
export function memberTree({ foldersMayRepeat }: { readonly foldersMayRepeat: boolean }) {
  const files = new Set<string>()
  const namedFolders = new Set<string>()
  const folders = new Set<string>()
  return {
    add(name: string): void {
      const isFolder = name.endsWith('/')
      const path = isFolder ? name.slice(0, -1) : name
      if (files.has(path) || (!foldersMayRepeat && namedFolders.has(path)))
        throw refuse('member-duplicate', `it has ${shown(path)} twice`)
      if (!isFolder && folders.has(path))
        throw refuse('member-below-file', `${shown(path)} is both a file and a folder in it`)
      for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
        const folder = path.slice(0, slash)
        if (folders.has(folder)) break
        if (files.has(folder)) throw refuse('member-below-file', `${shown(folder)} is both a file and a folder in it`)
        folders.add(folder)
      }
      if (isFolder) namedFolders.add(path)
      ;(isFolder ? folders : files).add(path)
      // Deep paths of one letter a folder cost more memory than their bytes.
      checkMemberCount(folders.size)
    },
    hasFile: (path: string): boolean => files.has(path),
  }
}
