import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { DomainError } from '../errors.ts'
import type { ByteRange, ObjectEntry, ObjectStore, OpenedObject, WriteCondition, WriteResult } from './object-store.ts'
import type { S3Clients } from './s3-clients.ts'
import { isMissing, s3Error, statusOf } from './s3-errors.ts'

const conflictRetries = 5

/**
 * The store in an S3 bucket, for any number of processes. Conditions are `If-None-Match: *` and `If-Match`, which not
 * every server honours: `proveConditionalWrites` shows at start that this one does. Writes go through a client that
 * never tries again by itself: a retry of a write that had happened would see its own object and call it a conflict.
 */
export class S3Store implements ObjectStore {
  readonly exclusive = false
  readonly #clients: S3Clients
  readonly #bucket: string
  readonly #prefix: string

  constructor(clients: S3Clients, bucket: string, prefix = '') {
    this.#clients = clients
    this.#bucket = bucket
    this.#prefix = prefix
  }

  async read(key: string, unlessVersion?: string) {
    const condition = unlessVersion === undefined ? {} : { IfNoneMatch: unlessVersion }
    try {
      const found = await this.#clients.reading.send(new GetObjectCommand({ ...this.#at(key), ...condition }))
      if (found.Body === undefined) throw new Error('the answer has no body')
      return { body: Buffer.from(await found.Body.transformToByteArray()), version: etag(found.ETag) }
    } catch (error) {
      if (statusOf(error) === 304) return 'unchanged'
      if (isMissing(error)) return undefined
      throw s3Error(key, error)
    }
  }

  write(key: string, body: Uint8Array, condition: WriteCondition): Promise<WriteResult> {
    return this.#put(key, condition, () => ({ Body: body, ContentType: 'application/json' }))
  }

  async writeFile(key: string, path: string, sha256?: string): Promise<WriteResult> {
    const { size } = await stat(path)
    const content = () => ({
      // The SDK listens for errors only once it sends; one without a listener would end the process.
      Body: createReadStream(path, { highWaterMark: 256 * 1024 }).on('error', () => undefined),
      ContentLength: size,
      ContentType: 'application/octet-stream',
    })
    return this.#put(key, 'absent', content, sha256)
  }

  async open(key: string, range?: ByteRange): Promise<OpenedObject> {
    const part = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }
    try {
      const found = await this.#clients.reading.send(new GetObjectCommand({ ...this.#at(key), ...part }))
      if (!(found.Body instanceof Readable)) throw new Error('the answer has no body')
      const total = found.ContentRange?.split('/')[1] ?? found.ContentLength
      return { size: Number(total), stream: found.Body }
    } catch (error) {
      if (!isMissing(error)) throw s3Error(key, error)
      throw new DomainError('file-not-found', `There is no object «${key}» in the store.`, { key })
    }
  }

  /** Signed by hand of the SDK, without asking the server. */
  signedUrl(key: string, method: 'GET' | 'HEAD', seconds: number, disposition: string): Promise<string> {
    const input = { ...this.#at(key), ResponseContentDisposition: disposition }
    const command = method === 'HEAD' ? new HeadObjectCommand(input) : new GetObjectCommand(input)
    return getSignedUrl(this.#clients.reading, command, { expiresIn: seconds })
  }

  async head(key: string): Promise<ObjectEntry | undefined> {
    try {
      const found = await this.#clients.reading.send(new HeadObjectCommand(this.#at(key)))
      const modified = found.LastModified?.getTime() ?? 0
      return { key, size: found.ContentLength ?? 0, version: etag(found.ETag), modified }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw s3Error(key, error)
    }
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    let token: string | undefined
    do {
      const page = await this.#listPage(prefix, token)
      for (const { Key, Size, ETag, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue
        const key = Key.slice(this.#prefix.length)
        yield { key, size: Size ?? 0, version: etag(ETag), modified: LastModified?.getTime() ?? 0 }
      }
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  async delete(key: string): Promise<void> {
    await this.#clients.reading.send(new DeleteObjectCommand(this.#at(key))).catch((error: unknown) => {
      if (!isMissing(error)) throw s3Error(key, error)
    })
  }

  async #listPage(prefix: string, token: string | undefined) {
    const next = token === undefined ? {} : { ContinuationToken: token }
    const command = new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix + prefix, ...next })
    return await this.#clients.reading.send(command).catch((error: unknown) => {
      throw s3Error(prefix, error)
    })
  }

  async #put(
    key: string,
    condition: WriteCondition,
    content: () => Partial<PutObjectCommandInput>,
    sha256?: string,
  ): Promise<WriteResult> {
    const match = condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.version }
    for (let attempt = 0; ; attempt++) {
      const parts = content()
      try {
        const command = new PutObjectCommand({ ...this.#at(key), ...parts, ...match })
        if (sha256 !== undefined) signWithDigest(command, sha256)
        const written = await this.#clients.writing.send(command)
        return { ok: true, version: etag(written.ETag) }
      } catch (error) {
        const status = statusOf(error)
        // 404: If-Match on a key that is gone. 409: AWS says so while another conditional write is under way; nothing
        // was written, and one asks again.
        if (status === 412 || isMissing(error)) return { ok: false, reason: 'precondition-failed' }
        if (status !== 409) throw s3Error(key, error)
        if (attempt >= conflictRetries) return { ok: false, reason: 'precondition-failed' }
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 50 * 2 ** attempt))
      } finally {
        // Where the request was cut off, nobody else closes the file.
        if (parts.Body instanceof Readable) parts.Body.destroy()
      }
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key }
  }
}

function etag(value: string | undefined): string {
  if (value === undefined) throw new DomainError('storage-unfit', 'The S3 server answers without an ETag.')
  return value
}

/** The signature covers the body's SHA-256. Told what it is, the SDK does not read the file once more to find out. */
function signWithDigest(command: PutObjectCommand, sha256: string): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      if (hasHeaders(args.request)) args.request.headers['x-amz-content-sha256'] = sha256
      return await next(args)
    },
    { step: 'build', name: 'signWithDigest' },
  )
}

function hasHeaders(request: unknown): request is { headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request
}
