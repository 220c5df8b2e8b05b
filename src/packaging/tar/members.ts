import { checkMemberCount } from '../archive/inflated-total.ts'
import { checkMemberName, memberTree } from '../archive/member-names.ts'
import { refusing, shown } from '../refusals.ts'
import type { TarHeader } from './header.ts'
import { tarRefusals } from './refusals.ts'

/** A member of a tar archive; `name` without a leading "./", with a slash at the end of folders. */
export interface TarMember {
  readonly name: string
  readonly kind: 'file' | 'folder' | 'hard link' | 'symbolic link'
  readonly size: number
}

const refuse = refusing(tarRefusals)
const kinds: Readonly<Record<string, TarMember['kind']>> = {
  '0': 'file',
  // "Contiguous" to POSIX, a file to everybody.
  '7': 'file',
  '1': 'hard link',
  '2': 'symbolic link',
  '5': 'folder',
}

/** Checks member after member: types, names, and what its link or place could do to the others when it is unpacked. */
export function memberChecks(): (header: TarHeader) => TarMember | undefined {
  const tree = memberTree({ foldersMayRepeat: true })
  const links = new Set<string>()
  let count = 0
  return (header) => {
    checkMemberCount(++count)
    const kind = checkKind(header)
    const plain = withoutDot(header.name)
    // "tar -c ." names the folder itself.
    if (plain === '' && header.name !== '' && kind === 'folder') return undefined
    if (kind !== 'folder' && plain.endsWith('/'))
      throw refuse('tar-file-named-as-folder', `${shown(plain)} in it is no folder, but named like one`)
    checkMemberName(plain)
    const name = kind === 'folder' ? `${plain.replace(/\/$/, '')}/` : plain
    checkNotBelowLink(name, links)
    tree.add(name)
    if (kind === 'symbolic link') checkSymbolicLink(name, header.linkName)
    if (kind === 'hard link') checkHardLink(name, withoutDot(header.linkName), tree.hasFile, links)
    if (kind === 'symbolic link') links.add(name)
    return { name, kind, size: header.size }
  }
}

function checkKind({ name, type, size }: TarHeader): TarMember['kind'] {
  if (type === 'S') throw refuse('tar-sparse', `${shown(name)} in it is sparse`)
  if (['3', '4', '6'].includes(type)) throw refuse('tar-device', `${shown(name)} in it is a device or a pipe`)
  const kind = kinds[type]
  if (kind === undefined) throw refuse('tar-member-type', `${shown(name)} in it is of the unknown type ${shown(type)}`)
  if (kind !== 'file' && size !== 0)
    throw refuse('tar-size-without-content', `the ${kind} ${shown(name)} in it has a size`)
  return kind
}

function withoutDot(name: string): string {
  return name.replace(/^(?:\.\/)+/, '').replace(/^\.$/, '')
}

function checkNotBelowLink(name: string, links: ReadonlySet<string>): void {
  if (links.size === 0) return
  const path = name.replace(/\/$/, '')
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    if (links.has(path.slice(0, slash)))
      throw refuse('tar-member-below-link', `${shown(name)} in it lies below a symbolic link`)
  }
  if (links.has(path)) throw refuse('tar-member-below-link', `${shown(name)} in it replaces a symbolic link`)
}

/**
 * The target is relative to the folder of the link (POSIX). ".." may only stand first: behind another part it goes up from
 * where that part leads, if it is a link itself, and a few such links climb out of any folder (CVE-2025-4517).
 */
function checkSymbolicLink(name: string, target: string): void {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  const ups = parts.findIndex((part) => part !== '..')
  const climbs = ups === -1 ? parts.length : ups
  const folderDepth = name.split('/').length - 1
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const isPlain = target !== '' && !/^[/\\]|^[A-Za-z]:|[\\\0-\x1f]/.test(target)
  if (isPlain && climbs < folderDepth && !parts.slice(climbs).includes('..')) return
  throw refuse('tar-link-leaves', `the link ${shown(name)} in it leads to ${shown(target)}`)
}

/** The target is the name of a member, from the root of the archive. */
function checkHardLink(
  name: string,
  target: string,
  hasFile: (path: string) => boolean,
  links: ReadonlySet<string>,
): void {
  if (/^[/\\]|^[A-Za-z]:|(?:^|\/)\.\.(?:\/|$)/.test(target))
    throw refuse('tar-link-leaves', `the link ${shown(name)} in it leads to ${shown(target)}`)
  if (target === name || !hasFile(target) || links.has(target))
    throw refuse('tar-link-without-target', `the hard link ${shown(name)} in it leads to no file before it`)
}
