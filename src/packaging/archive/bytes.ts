export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** `undefined` where the bytes are not UTF-8; a byte order mark stays, as it is part of a name. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** Compares with zeros: faster than a look at each byte. */
export function isAllZeros(bytes: Uint8Array): boolean {
  return Buffer.alloc(bytes.length).equals(bytes)
}

/** Bytes that arrive in pieces, put together. */
export function collector() {
  const parts: Uint8Array[] = []
  return {
    add: (chunk: Uint8Array) => void parts.push(new Uint8Array(chunk)),
    bytes: (): Uint8Array => Buffer.concat(parts),
  }
}
