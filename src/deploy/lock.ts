import { createHash } from 'node:crypto'
import { keys } from '../objects/keys.ts'
import type { DeployRequest, Lock, LockedFile } from './documents.ts'

/** What a lock depends on besides release and class of node. */
export interface LockedFor {
  /** Sorted. */
  readonly extras: string[]
  readonly indexes: string[]
}

export function lockedFor({ definition }: Pick<DeployRequest, 'definition'>): LockedFor {
  // Compared as installers do (PEP 685).
  const extras = definition.extras.map((extra) => extra.toLowerCase().replace(/[-_.]+/g, '-'))
  return { extras: [...new Set(extras)].sort(), indexes: [...definition.indexes] }
}

/** Two services of one project may want other extras, or take their dependencies from elsewhere: each has its lock. */
export function lockKeyOf(request: DeployRequest, nodeClass: string): string {
  const { project, version, generation = 0 } = request
  const own = generation === 0 ? nodeClass : `${nodeClass}-r${generation}`
  const wanted = lockedFor(request)
  const isPlain = wanted.extras.length === 0 && wanted.indexes.join() === 'self'
  // The plain key is that of all locks from before there were others.
  if (isPlain) return keys.lock(project, version, own)
  const digest = createHash('sha256').update(JSON.stringify(wanted)).digest('hex')
  return keys.lock(project, version, `${own}-${digest.slice(0, 12)}`)
}

/** A lock from before they were kept in it stands under the plain key, and is taken for one without extras. */
export function isLockedFor({ extras = [], indexes = ['self'] }: Lock, request: DeployRequest): boolean {
  return JSON.stringify({ extras, indexes }) === JSON.stringify(lockedFor(request))
}

/** Names the set of files, in whatever order: SHA-256 over `sha256  filename` lines, as `sha256sum` writes them. */
export function lockDigest(files: readonly LockedFile[]): string {
  const lines = files.map((file) => `${file.sha256}  ${file.url.split('/').at(-1)}\n`).sort()
  return createHash('sha256').update(lines.join('')).digest('hex')
}

/** What pip is to install, and nothing else: direct URLs with hashes, for `--require-hashes --no-deps`. */
export function requirementsOf(lock: Lock, externalUrl: string): string {
  const lines = lock.files.map(
    ({ project, url, sha256 }) => `${project} @ ${absolute(url, externalUrl)} --hash=sha256:${sha256}\n`,
  )
  return lines.join('')
}

/** Where a service's dependencies come from, most wanted first; of what is ours only what the channel shows. */
export function indexUrls({ definition, channel }: DeployRequest, externalUrl: string): readonly string[] {
  return definition.indexes.map((index) => (index === 'self' ? `${externalUrl}/channels/${channel}/simple/` : index))
}

export function absolute(url: string, externalUrl: string): string {
  return url.startsWith('/') ? `${externalUrl}${url}` : url
}

/** Our own files are kept by path: the index may be reached under another name some day. */
export function relative(url: string, externalUrl: string): string {
  return url.startsWith(`${externalUrl}/`) ? url.slice(externalUrl.length) : url
}
