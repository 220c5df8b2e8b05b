import { S3Client } from '@aws-sdk/client-s3'
import { NodeHttpHandler } from '@smithy/node-http-handler'

export interface S3Settings {
  readonly bucket: string
  /** Put before every key, so that one bucket can be shared: "" or "wheelhouse/". */
  readonly prefix: string
  readonly region: string
  /** Absent: AWS itself. */
  readonly endpoint?: string
  /** Absent: the SDK's own chain (environment, profile, instance role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** Two clients on one pool of connections: one that tries again, and one for conditional writes that must not. */
export interface S3Clients extends Disposable {
  readonly reading: S3Client
  readonly writing: S3Client
}

export function openS3Clients(settings: S3Settings): S3Clients {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: 3_000,
    // Of silence, not of the whole request: a large upload may take its time.
    socketTimeout: 15_000,
    httpAgent: { maxSockets: 256, keepAlive: true },
    httpsAgent: { maxSockets: 256, keepAlive: true },
  })
  const options = {
    region: settings.region,
    requestHandler,
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint, forcePathStyle: true }),
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
    // The newer default wraps bodies in trailing checksums, which several S3 servers do not understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Errors are told once, by those who ask; the SDK would also print some to the console.
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  } as const
  const reading = new S3Client({ ...options, maxAttempts: 4 })
  const writing = new S3Client({ ...options, maxAttempts: 1 })
  return {
    reading,
    writing,
    [Symbol.dispose]: () => {
      reading.destroy()
      writing.destroy()
    },
  }
}
