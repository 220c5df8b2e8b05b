import { S3ServiceException } from '@aws-sdk/client-s3'
import { DomainError, isDomainError, messageOf } from '../errors.ts'

/** The HTTP status behind an SDK error; `undefined` where there was no answer at all. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}

/** Is it the object that is not there? A bucket that is gone answers 404 too, and must not pass for an empty one. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404 && !isNoBucket(error)
}

function isNoBucket(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchBucket'
}

export function s3Error(key: string, error: unknown): DomainError {
  if (isDomainError(error)) return error
  const status = statusOf(error)
  const details = { key, ...(status === undefined ? {} : { status }) }
  if (isNoBucket(error)) {
    const text = 'The S3 server has no such bucket. Create it, or mend S3_BUCKET; nothing was changed.'
    return new DomainError('storage-unavailable', text, details, { cause: error })
  }
  if (status === 401 || status === 403) {
    const text = `The S3 server refused our credentials (${messageOf(error)}). Check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and the bucket's policy.`
    return new DomainError('storage-unavailable', text, details, { cause: error })
  }
  const what = status === undefined ? 'does not answer' : `answered ${status}`
  const text = `The S3 server ${what} (${messageOf(error)}). Nothing is lost; try again in a moment.`
  return new DomainError('storage-unavailable', text, details, { cause: error })
}
