import { createHash } from 'node:crypto'
import { type Coding, compress } from './compression.ts'

/** A page as bytes ready to be sent, in each coding that somebody asked for. */
export interface FinishedPage {
  /** False where compressing does not pay. */
  readonly compressible: boolean
  /** Strong and quoted (RFC 9110 8.8.3), so one for each representation; known before that is made. */
  etag(coding: Coding | undefined): string
  /** Compressed at the first call, off the event loop, and kept. */
  body(coding: Coding | undefined): Buffer | Promise<Buffer>
}

interface Kept {
  readonly version: string
  readonly page: Promise<FinishedPage>
  bytes: number
}

/**
 * Pages as finished bytes, in a cache bounded by them. A page is made once for each version of what it shows, however
 * many ask meanwhile.
 */
export class FinishedPages {
  readonly #pages = new Map<string, Kept>()
  readonly #maxBytes: number
  readonly #counted: (hit: boolean) => void
  #bytes = 0

  /** `counted` is told of each call, whether the page was there already. */
  constructor(maxBytes: number, counted: (hit: boolean) => void = () => undefined) {
    this.#maxBytes = maxBytes
    this.#counted = counted
  }

  get(name: string, version: string, render: () => Promise<string> | string): Promise<FinishedPage> {
    const kept = this.#pages.get(name)
    const hit = kept !== undefined && kept.version === version
    this.#counted(hit)
    if (kept === undefined || !hit) return this.#make(name, version, render)
    this.#pages.delete(name)
    this.#pages.set(name, kept)
    return kept.page
  }

  #make(name: string, version: string, render: () => Promise<string> | string): Promise<FinishedPage> {
    const grow = (bytes: number) => {
      if (this.#pages.get(name) !== entry) return
      entry.bytes += bytes
      this.#bytes += bytes
      this.#evict()
    }
    // The entry is there before anything grows: rendering takes at least one turn.
    const entry: Kept = { version, page: finishedPage(render, grow), bytes: 0 }
    this.#drop(name)
    this.#pages.set(name, entry)
    entry.page.catch(() => {
      if (this.#pages.get(name) === entry) this.#drop(name)
    })
    return entry.page
  }

  #evict(): void {
    for (const name of this.#pages.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.#drop(name)
    }
  }

  #drop(name: string): void {
    this.#bytes -= this.#pages.get(name)?.bytes ?? 0
    this.#pages.delete(name)
  }
}

/** Below this many bytes a header more costs what compressing saves. */
const worthwhile = 256

/** Makes a page; `grow` is told of bytes that it takes to keep it. */
export async function finishedPage(
  render: () => Promise<string> | string,
  grow: (bytes: number) => void = () => undefined,
): Promise<FinishedPage> {
  const identity = Buffer.from(await render())
  const digest = createHash('sha256').update(identity).digest('base64url').slice(0, 32)
  const packed = new Map<Coding, Buffer | Promise<Buffer>>()

  async function pack(coding: Coding): Promise<Buffer> {
    try {
      const body = await compress(coding, identity)
      packed.set(coding, body)
      grow(body.length)
      return body
    } catch (error) {
      packed.delete(coding)
      throw error
    }
  }

  grow(identity.length)
  return {
    compressible: identity.length >= worthwhile,
    etag: (coding) => (coding === undefined ? `"${digest}"` : `"${digest}-${coding}"`),
    body(coding) {
      if (coding === undefined) return identity
      const known = packed.get(coding) ?? pack(coding)
      if (!packed.has(coding)) packed.set(coding, known)
      return known
    },
  }
}
