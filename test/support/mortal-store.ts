import type { ObjectStore } from '../../src/objects/object-store.ts'

/** What happens at a call: it goes through; the process dies before it, or after it; or it is held up for a while first. */
export type Turn = 'goes' | 'dies-before' | 'dies-after' | { readonly heldUp: Promise<void> }

/** The store as one process sees it. After its death nothing it asks for happens, and nothing is ever answered. */
export function mortalStore(store: ObjectStore, turn: (call: number) => Turn, exclusive: boolean) {
  let [calls, dead] = [0, false]
  const never = () => new Promise<never>(() => undefined)
  async function through<T>(call: () => Promise<T>): Promise<T> {
    if (dead) return await never()
    const what = turn(++calls)
    if (typeof what === 'object') await what.heldUp
    if (what === 'dies-before') {
      dead = true
      return await never()
    }
    const result = await call()
    if (what === 'dies-after') dead = true
    return dead ? await never() : result
  }
  const mortal: ObjectStore = {
    exclusive,
    read: (key, unless) => through(() => store.read(key, unless)),
    write: (key, body, condition) => through(() => store.write(key, body, condition)),
    writeFile: (key, path, sha256) => through(() => store.writeFile(key, path, sha256)),
    open: (key, range) => through(() => store.open(key, range)),
    head: (key) => through(() => store.head(key)),
    async *list(prefix) {
      yield* await through(async () => store.list(prefix))
    },
    delete: (key) => through(() => store.delete(key)),
  }
  return { store: mortal, calls: () => calls, isDead: () => dead }
}
