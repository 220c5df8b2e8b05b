import { createInflateRaw } from 'node:zlib'
import type { RandomAccess } from '../random-access.ts'

export type Sink = (chunk: Uint8Array) => void

const piece = 256 * 1024

/**
 * Inflates the deflate stream (RFC 1951) that begins at `start`, in constant memory, and answers how many bytes it took:
 * it may end before `end`. Rejects with zlib's error where it is damaged, and with whatever `sink` throws.
 */
export function inflate(file: RandomAccess, start: number, end: number, sink: Sink): Promise<number> {
  const inflater = createInflateRaw({ chunkSize: piece })
  let at = start
  function feed(): void {
    try {
      feedPieces()
    } catch (error) {
      inflater.destroy(error as Error)
    }
  }
  function feedPieces(): void {
    while (!inflater.destroyed) {
      const chunk = file.read(at, Math.min(piece, end - at))
      at += chunk.length
      if (chunk.length === 0 || at >= end) return void inflater.end(chunk)
      if (!inflater.write(chunk)) return void inflater.once('drain', feed)
    }
  }
  const finished = new Promise<number>((resolve, reject) => {
    inflater.on('end', () => resolve(inflater.bytesWritten))
    inflater.on('error', reject)
    inflater.on('data', (chunk: Uint8Array) => {
      try {
        sink(chunk)
      } catch (error) {
        reject(error)
        inflater.destroy()
      }
    })
  })
  feed()
  return finished.finally(() => inflater.destroy())
}

/** Hands over the bytes as they are, to a sink that keeps none of them. */
export async function copy(file: RandomAccess, start: number, end: number, sink: Sink): Promise<void> {
  const room = Buffer.allocUnsafe(Math.min(piece, end - start))
  const pause = pauses(16)
  for (let at = start; at < end; ) {
    const chunk = file.read(at, Math.min(piece, end - at), room)
    if (chunk.length === 0) return
    sink(chunk)
    at += chunk.length
    await pause()
  }
}

/** At every so many calls lets others have the thread: one that takes uploads has more than one to serve. */
export function pauses(every: number): () => Promise<void> | undefined {
  let calls = 0
  return () => (++calls % every === 0 ? new Promise((resolve) => setImmediate(resolve)) : undefined)
}
