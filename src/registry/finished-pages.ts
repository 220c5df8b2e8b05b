import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)

/** A page as bytes ready to be sent. */
export interface FinishedPage {
  readonly identity: Encoded
  /** Absent where compressing does not pay. */
  readonly gzip?: Encoded
}

export interface Encoded {
  readonly body: Buffer
  /** Strong and quoted (RFC 9110 8.8.3), so one for each representation. */
  readonly etag: string
}

/**
 * Pages as finished bytes, in a cache bounded by them. A page is made once for each version of what it shows, however
 * many ask meanwhile; compressing happens on zlib's threads, off the event loop.
 */
export class FinishedPages {
  readonly #pages = new Map<string, { readonly version: string; readonly page: Promise<FinishedPage>; bytes: number }>()
  readonly #maxBytes: number
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(name: string, version: string, render: () => Promise<string> | string): Promise<FinishedPage> {
    const kept = this.#pages.get(name)
    if (kept !== undefined) {
      this.#pages.delete(name)
      this.#pages.set(name, kept)
      if (kept.version === version) return kept.page
    }
    return this.#make(name, version, render)
  }

  #make(name: string, version: string, render: () => Promise<string> | string): Promise<FinishedPage> {
    const entry = { version, page: finishedPage(render), bytes: 0 }
    this.#drop(name)
    this.#pages.set(name, entry)
    entry.page.then(
      (page) => {
        if (this.#pages.get(name) !== entry) return
        entry.bytes = page.identity.body.length + (page.gzip?.body.length ?? 0)
        this.#bytes += entry.bytes
        this.#evict()
      },
      () => {
        if (this.#pages.get(name) === entry) this.#drop(name)
      },
    )
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

/** Makes a page outside of any cache. */
export async function finishedPage(render: () => Promise<string> | string): Promise<FinishedPage> {
  const body = Buffer.from(await render())
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 32)
  const identity = { body, etag: `"${digest}"` }
  const packed = await compress(body, { level: 6 })
  return packed.length < body.length ? { identity, gzip: { body: packed, etag: `"${digest}-gzip"` } } : { identity }
}
