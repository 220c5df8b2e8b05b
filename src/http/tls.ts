import { readFileSync, statSync } from 'node:fs'
import type { Server } from 'node:https'
import { createSecureContext } from 'node:tls'
import { DomainError, messageOf } from '../errors.ts'

/** PEM files: the certificate with its chain, and the key. */
export interface TlsFiles {
  readonly certificate: string
  readonly key: string
}

export interface TlsMaterial {
  readonly cert: Buffer
  readonly key: Buffer
}

export const minVersion = 'TLSv1.2'

const lookMilliseconds = 5_000

/** Reads both and tries them together. Throws a `configuration` error that names the files. */
export function readTls({ certificate, key }: TlsFiles): TlsMaterial {
  try {
    const material = { cert: readFileSync(certificate), key: readFileSync(key) }
    createSecureContext(material)
    return material
  } catch (error) {
    const text = `TLS cannot be served with ${certificate} and ${key}: ${messageOf(error)}.`
    throw new DomainError('configuration', text, {}, { cause: error })
  }
}

/**
 * Takes a renewed certificate into use without a restart; connections that are open keep theirs. Looked at, not watched:
 * certbot and mounted secrets replace links, which watching a file does not see. A pair that does not fit (one of two
 * files is written already) is reported, and the one in use stays.
 */
export function followTls(server: Server, files: TlsFiles, report: (error: unknown) => void): Disposable {
  let seen = marks(files)
  const timer = setInterval(() => {
    const now = marks(files)
    if (now === seen) return
    seen = now
    try {
      server.setSecureContext({ ...readTls(files), minVersion })
    } catch (error) {
      report(error)
    }
  }, lookMilliseconds)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

function marks({ certificate, key }: TlsFiles): string {
  return [certificate, key].map(markOf).join()
}

/** Never throws: a folder that may not be entered for a moment is no reason to end the server. */
function markOf(path: string): string {
  try {
    const { mtimeMs, ino, size } = statSync(path)
    return `${mtimeMs} ${ino} ${size}`
  } catch (error) {
    return messageOf(error)
  }
}
