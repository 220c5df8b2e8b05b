import { gzipSync } from 'node:zlib'

export interface TarMember {
  readonly path: string
  readonly content: Uint8Array
}

/** A ustar archive, gzipped, with equal bytes for equal members: times, owners and the gzip header are fixed. */
export function tarGz(members: readonly TarMember[]): Buffer {
  const blocks = members.flatMap(({ path, content }) => [
    header(path, content.length),
    content,
    padding(content.length),
  ])
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]))
}

function header(path: string, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`too long for a plain ustar header: ${path}`)
  const block = Buffer.alloc(512)
  block.write(path, 0)
  block.write('0000644\0', 100)
  block.write('0000000\0', 108)
  block.write('0000000\0', 116)
  block.write(`${octal(size)}\0`, 124)
  block.write(`${octal(0)}\0`, 136)
  // The checksum is taken over the header with its own field as eight blanks.
  block.write('        ', 148)
  block.write('0', 156)
  block.write('ustar\x0000', 257)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

function octal(value: number): string {
  return value.toString(8).padStart(11, '0')
}

function padding(size: number): Buffer {
  return Buffer.alloc((512 - (size % 512)) % 512)
}
