import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import busboy from 'busboy'
import { DomainError } from '../errors.ts'
import { shown } from '../packaging/refusals.ts'
import { digestFields, type FormFields, fieldValue } from '../registry/form-fields.ts'
import { refuseForm } from '../registry/form-refusals.ts'
import type { Algorithm } from '../registry/staging/messages.ts'
import type { StagedFile, Staging } from '../registry/staging/staging.ts'

export interface UploadForm {
  readonly fields: FormFields
  readonly filename: string
  readonly staged: StagedFile
}

export interface UploadLimits {
  /** Bytes of the distribution file. */
  readonly maxFileBytes: number
}

/** Bounds of the form around the file. PyPI's largest real forms (long descriptions) stay below a megabyte. */
const formLimits = { fields: 2_000, fieldNameSize: 200, fieldSize: 8 * 1024 * 1024, parts: 2_010, files: 10 }
const maxFieldBytes = 16 * 1024 * 1024

/**
 * Reads a PyPI upload form (multipart/form-data, RFC 7578), streaming the part `content` to staging as it comes. Calls
 * `onFile` with the fields seen so far before the first byte of it is kept, so that a refusal need not wait for the
 * body. The caller discards the staged file; when this rejects, nothing is left.
 */
export async function readUploadForm(
  request: IncomingMessage,
  staging: Staging,
  limits: UploadLimits,
  onFile: (fields: FormFields, filename: string | undefined) => void,
): Promise<UploadForm> {
  const parser = openParser(request, limits.maxFileBytes)
  const fields = collectFields(parser)
  const files: ArrivingFile[] = []
  parser.on('file', (name, stream, info) => {
    // A parser that ends early fails its open part too; unheard, that error would end the process.
    stream.on('error', () => undefined)
    if (name === 'gpg_signature') return void stream.resume()
    try {
      checkPart(name, info.mimeType)
      if (files.length > 0) throw refuseForm('form-file-repeated', 'The form has two parts named "content"')
      onFile(fields, info.filename)
      const staged = staging.stage(algorithmsFor(fields))
      const arrived = receive(stream, staged, limits.maxFileBytes)
      arrived.catch((error: Error) => parser.destroy(error))
      files.push({ filename: info.filename ?? '', staged, arrived })
    } catch (error) {
      parser.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  })
  try {
    await parsed(request, parser)
    await Promise.all(files.map((file) => file.arrived))
    const [file] = files
    if (file === undefined) throw refuseForm('form-file-missing', 'The upload has no file')
    return { fields, filename: file.filename, staged: file.staged }
  } catch (error) {
    for (const file of files) file.staged.discard()
    throw asRefusal(error)
  }
}

/** PyPI's rules too: nobody reads a name from a file, and an image is no distribution. uv and flit send no type at all. */
function checkPart(name: string, mimeType: string): void {
  if (name !== 'content') throw refuseForm('form-field-is-file', `The field ${shown(name)} was sent as a file`)
  if (mimeType.startsWith('image/')) throw refuseForm('form-content-type', `The part "content" is ${shown(mimeType)}`)
}

interface ArrivingFile {
  readonly filename: string
  readonly staged: StagedFile
  readonly arrived: Promise<void>
}

/**
 * Resolves when the whole form went through the parser. Not `pipeline`: on a refusal that would destroy the request and
 * with it the connection. What is still to come is read and thrown away instead, because clients such as twine listen
 * for the answer only after they have sent everything.
 */
async function parsed(request: IncomingMessage, parser: busboy.Busboy): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      parser.on('close', resolve).on('error', reject)
      request.once('error', reject)
      request.once('close', () => {
        if (!request.complete) reject(Object.assign(new Error('the client went away'), { code: 'ECONNRESET' }))
      })
      request.pipe(parser)
    })
  } catch (error) {
    request.unpipe(parser)
    request.resume()
    throw error
  }
}

function collectFields(parser: busboy.Busboy): FormFields {
  const fields = new Map<string, string[]>()
  let bytes = 0
  parser.on('field', (name, value, { valueTruncated, nameTruncated }) => {
    bytes += name.length + value.length
    if (valueTruncated || nameTruncated || bytes > maxFieldBytes) parser.destroy(tooLargeField(name))
    fields.set(name, [...(fields.get(name) ?? []), value])
  })
  for (const event of ['partsLimit', 'fieldsLimit', 'filesLimit'] as const) {
    parser.on(event, () => parser.destroy(refuseForm('form-too-many-parts', 'The form has too many parts')))
  }
  return fields
}

function openParser(request: IncomingMessage, maxFileBytes: number): busboy.Busboy {
  try {
    return busboy({
      headers: request.headers,
      preservePath: true,
      defParamCharset: 'utf8',
      limits: { ...formLimits, fileSize: maxFileBytes + 1 },
      fileHwm: 256 * 1024,
    })
  } catch {
    throw refuseForm('form-not-multipart', 'The multipart form has no boundary')
  }
}

async function receive(stream: Readable, staged: StagedFile, maxFileBytes: number): Promise<void> {
  stream.once('limit', () => stream.destroy(tooLarge(maxFileBytes)))
  await pipeline(stream, staged.sink)
}

const algorithms = { sha256_digest: 'sha256', blake2_256_digest: 'blake2b', md5_digest: 'md5' } as const

/** Clients send the digests before the file, so one knows which to take; where they have not yet, all are. */
function algorithmsFor(fields: FormFields): readonly Algorithm[] {
  const sent = digestFields.filter((field) => fieldValue(fields, field) !== undefined)
  return (sent.length > 0 ? sent : digestFields).map((field) => algorithms[field])
}

export function tooLarge(maxFileBytes: number): DomainError {
  const text = `File too large: the limit here is ${Math.floor(maxFileBytes / 1024 / 1024)} MiB a file (upload.max_bytes in wheelhouse.yaml).`
  return new DomainError('upload-too-large', text, { maxFileBytes })
}

function tooLargeField(name: string): DomainError {
  return new DomainError('upload-too-large', `The form's fields are too large (at "${name.slice(0, 100)}").`)
}

function asRefusal(error: unknown): unknown {
  if (error instanceof DomainError) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return error
  return refuseForm('form-unreadable', `The upload form cannot be read (${message})`)
}
