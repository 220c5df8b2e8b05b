import { isDomainError } from '../errors.ts'

/** A newer format ends the whole check: nothing can be said of such a store. */
export async function readOr<T>(read: () => Promise<T>, corrupt: (detail: string) => void): Promise<T | 'corrupt'> {
  try {
    return await read()
  } catch (error) {
    if (!isDomainError(error, 'document-corrupt')) throw error
    corrupt(error.message)
    return 'corrupt'
  }
}

/** As if what cannot be read were not there: for those who come after it was reported. */
export async function readable<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
  const found = await readOr(read, () => undefined)
  return found === 'corrupt' ? undefined : found
}
