import { DomainError } from '../../src/errors.ts'
import type { ObjectStore } from '../../src/objects/object-store.ts'

/** Says what happens to the n-th call (from 1) of a store: it goes through, never reaches it, or its answer is lost. */
export type Fate = (call: number, verb: string, key: string) => 'fine' | 'unreached' | 'answer-lost'

/** A store in front of another, whose calls meet with the fate told. Counts them. */
export function faultyStore(store: ObjectStore, fate: Fate): ObjectStore & { calls(): number } {
  let calls = 0
  async function through<T>(verb: string, key: string, call: () => Promise<T>): Promise<T> {
    const what = fate(++calls, verb, key)
    if (what === 'unreached') throw new DomainError('storage-unavailable', 'The store is away (a fault of the test).')
    const result = await call()
    if (what === 'answer-lost')
      throw new DomainError('storage-unavailable', 'The answer was lost (a fault of the test).')
    return result
  }
  return {
    exclusive: false,
    calls: () => calls,
    read: (key, unless) => through('read', key, () => store.read(key, unless)),
    write: (key, body, condition) => through('write', key, () => store.write(key, body, condition)),
    writeFile: (key, path, sha256) => through('writeFile', key, () => store.writeFile(key, path, sha256)),
    open: (key, range) => through('open', key, () => store.open(key, range)),
    head: (key) => through('head', key, () => store.head(key)),
    async *list(prefix) {
      await through('list', prefix, async () => undefined)
      yield* store.list(prefix)
    },
    delete: (key) => through('delete', key, () => store.delete(key)),
  }
}
