/** Little-endian numbers, each with its width in bytes. */
export function littleEndian(...fields: readonly (readonly [1 | 2 | 4 | 8, number])[]): Buffer {
  return Buffer.concat(
    fields.map(([width, value]) => {
      const bytes = Buffer.alloc(width)
      if (width === 8) bytes.writeBigUInt64LE(BigInt(value))
      else bytes.writeUIntLE(value, 0, width)
      return bytes
    }),
  )
}
