/**
 * Every error that a person can cause or has to act on. The code is stable and is what programs test; the message says
 * what happened, why, and what to do. No HTTP here: `http/error-status.ts` maps each code to a status.
 */
export const errorCodes = [
  'internal',
  'invalid-request',
  'invalid-upload',
  'upload-too-large',
  'upload-too-slow',
  'digest-mismatch',
  'file-exists',
  'authentication-required',
  'permission-denied',
  'too-many-attempts',
  'not-found',
  'project-not-found',
  'release-not-found',
  'file-not-found',
  'service-not-found',
  'deploy-not-found',
  'method-not-allowed',
  'not-acceptable',
  'range-not-satisfiable',
  'conflict',
  'promotion-refused',
  'amendment-refused',
  'control-refused',
  'project-closed',
  'storage-unavailable',
  'storage-unfit',
  'document-too-new',
  'document-corrupt',
  'configuration',
  'host-key-unknown',
  'host-key-changed',
  'host-unreachable',
  'host-authentication',
  'forwarding-refused',
  'outcome-unknown',
  'lease-lost',
  'deploy-step-failed',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** Values that belong to an error, for logs and JSON answers. Never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export class DomainError extends Error {
  override readonly name = 'DomainError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }
}

export function isDomainError(error: unknown, code?: ErrorCode): error is DomainError {
  return error instanceof DomainError && (code === undefined || error.code === code)
}

/** The text of anything thrown, for messages and logs. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
