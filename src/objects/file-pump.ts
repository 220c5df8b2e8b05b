import type { FileHandle } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import type { ByteRange } from './object-store.ts'

/** Large enough that few pieces are needed, and two of them for each slow client are no burden. */
const pieceBytes = 256 * 1024

/**
 * Sends a part of an open file, and resolves once the destination has taken all of it (it is not ended). Two buffers in
 * turn: one is read into while the other is on its way. A stream asks the system for new memory with every piece, which
 * costs more than the bytes: this is twice as fast. Rejects where the file or the destination fails, or is closed.
 */
export async function pumpFile(file: FileHandle, { start, end }: ByteRange, destination: Writable): Promise<void> {
  const buffers = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)] as const
  const closed = closing(destination)
  let taken = Promise.resolve()
  let next: 0 | 1 = 0
  for (let at = start; at <= end; ) {
    const { bytesRead } = await file.read(buffers[next], 0, Math.min(pieceBytes, end + 1 - at), at)
    if (bytesRead === 0) throw new Error(`The file ended at ${at} of ${end + 1} bytes.`)
    await Promise.race([taken, closed])
    taken = take(destination, buffers[next].subarray(0, bytesRead))
    at += bytesRead
    next = next === 0 ? 1 : 0
  }
  await Promise.race([taken, closed])
}

/** A buffer may be used again only when the destination says that it has no need of it any more. */
function take(destination: Writable, piece: Buffer): Promise<void> {
  const taken = new Promise<void>((resolve, reject) => {
    // Whatever a plain or a TLS connection says of a write that nobody takes: the client has left.
    destination.write(piece, (error) => (error ? reject(gone(error)) : resolve()))
  })
  // It is awaited only after the next piece was read, and must not be nobody's until then.
  taken.catch(() => undefined)
  return taken
}

/** A destination that is closed in between may never answer. */
function closing(destination: Writable): Promise<never> {
  const closed = new Promise<never>((_, reject) => {
    const fail = () => reject(gone())
    if (destination.destroyed) fail()
    else destination.once('close', fail)
  })
  closed.catch(() => undefined)
  return closed
}

function gone(cause?: Error): Error {
  return Object.assign(new Error('The client is gone.', { cause }), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
}
