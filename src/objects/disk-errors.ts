import { DomainError, isDomainError } from '../errors.ts'

/** What the operating system said, as a sentence that says what to do. */
export function storageError(key: string, error: unknown): DomainError {
  if (isDomainError(error)) return error
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: '', message: `${error}` }
  return new DomainError(
    'storage-unavailable',
    `${reasons[code ?? ''] ?? `The storage folder failed: ${message}.`}`,
    { key },
    { cause: error },
  )
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk of the storage folder is full: nothing was stored. Free some space and try again.',
  EDQUOT: 'The quota of the storage folder is used up: nothing was stored. Free some space and try again.',
  EROFS: 'The storage folder is on a read-only filesystem: nothing was stored. Remount it writable.',
  EACCES: 'The storage folder is not writable for this user: nothing was stored. Mend its owner or mode.',
  EMFILE: 'The process has too many open files. Raise its limit (ulimit -n) and try again.',
}
