import type { Readable } from 'node:stream'

/** The text of a stream to its end. Unlike `text` of node:stream/consumers it leaves the other half of a duplex open. */
export function allOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('end', () => resolve(Buffer.concat(chunks).toString()))
    stream.once('error', reject)
  })
}
