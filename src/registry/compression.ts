import { promisify } from 'node:util'
import * as zlib from 'node:zlib'

/** Content codings (RFC 9110 8.4.1), in the order in which we like them where a client does not care. */
export const codings = ['br', 'zstd', 'gzip'] as const

export type Coding = (typeof codings)[number]

type Compress = (
  body: Buffer,
  options: { readonly params: Readonly<Record<number, number>> },
  done: (error: Error | null, result: Buffer) => void,
) => void

/** Node has zstd since 22.15; the types that we build with are of 20. */
interface MaybeZstd {
  readonly zstdCompress?: Compress
}

export function availableCodings(): readonly Coding[] {
  return codings.filter((coding) => coding !== 'zstd' || zstd() !== undefined)
}

/** On zlib's threads. Levels at which a page of 4 MB takes a fraction of a second; what more effort saves is a few percent. */
export function compress(coding: Coding, body: Buffer): Promise<Buffer> {
  const zstdCompress = zstd()
  if (coding === 'br') return promisify(zlib.brotliCompress)(body, { params: brotliParameters(body.length) })
  if (coding === 'gzip' || zstdCompress === undefined) return promisify(zlib.gzip)(body, { level: 6 })
  return promisify(zstdCompress)(body, { params: { [zstdLevel]: 9 } })
}

/** ZSTD_c_compressionLevel of zstd.h. */
const zstdLevel = 100

function brotliParameters(size: number): Record<number, number> {
  const { BROTLI_PARAM_MODE, BROTLI_MODE_TEXT, BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants
  return { [BROTLI_PARAM_MODE]: BROTLI_MODE_TEXT, [BROTLI_PARAM_QUALITY]: 5, [BROTLI_PARAM_SIZE_HINT]: size }
}

function zstd(): Compress | undefined {
  return (zlib as MaybeZstd).zstdCompress
}
