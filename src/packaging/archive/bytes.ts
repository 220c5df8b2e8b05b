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
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

/** Bytes that arrive in pieces, put together. */
export function collector() {
  const parts: Uint8Array[] = []
  return {
    add: (chunk: Uint8Array) => void parts.push(Uint8Array.from(chunk)),
    bytes: (): Uint8Array => Buffer.concat(parts),
  }
}
