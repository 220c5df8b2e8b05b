import type { Clock } from '../clock.ts'
import type { ObjectStore } from '../objects/object-store.ts'
import type { Metrics } from './metrics.ts'

/** A store that times its calls. A stream counts until it is open, a listing until its end. */
export function measuredStore(store: ObjectStore, clock: Clock, { storage }: Pick<Metrics, 'storage'>): ObjectStore {
  async function timed<T>(operation: string, call: () => Promise<T>): Promise<T> {
    const started = clock.monotonic()
    let ok = false
    try {
      const result = await call()
      ok = true
      return result
    } finally {
      storage(operation, ok, (clock.monotonic() - started) / 1000)
    }
  }

  const { revision, knownVersion, signedUrl } = store
  return {
    exclusive: store.exclusive,
    ...(revision && { revision: (prefix: string) => revision.call(store, prefix) }),
    ...(knownVersion && { knownVersion: (key: string) => knownVersion.call(store, key) }),
    ...(signedUrl && { signedUrl: (...words: Parameters<typeof signedUrl>) => signedUrl.apply(store, words) }),
    read: (key, unless) => timed('read', () => store.read(key, unless)),
    write: (key, body, condition) => timed('write', () => store.write(key, body, condition)),
    writeFile: (key, path, sha256) => timed('write-file', () => store.writeFile(key, path, sha256)),
    open: (key, range) => timed('open', () => store.open(key, range)),
    head: (key) => timed('head', () => store.head(key)),
    async *list(prefix) {
      const started = clock.monotonic()
      let ok = false
      try {
        yield* store.list(prefix)
        ok = true
      } finally {
        storage('list', ok, (clock.monotonic() - started) / 1000)
      }
    },
    delete: (key) => timed('delete', () => store.delete(key)),
  }
}
