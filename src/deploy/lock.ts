import { createHash } from 'node:crypto'
import type { Lock, LockedFile } from './documents.ts'

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

export function absolute(url: string, externalUrl: string): string {
  return url.startsWith('/') ? `${externalUrl}${url}` : url
}

/** Our own files are kept by path: the index may be reached under another name some day. */
export function relative(url: string, externalUrl: string): string {
  return url.startsWith(`${externalUrl}/`) ? url.slice(externalUrl.length) : url
}
