import { createHash, randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { proveConditionalWrites } from '../../src/objects/conditional-writes-proof.ts'
import type { ObjectEntry, ObjectStore } from '../../src/objects/object-store.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

export interface StoreUnderTest extends AsyncDisposable {
  readonly store: ObjectStore
}

/** What every adapter of the `ObjectStore` port keeps. Each case arranges what it asserts, under keys of its own. */
export function objectStoreContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`object store contract: ${name}`, () => {
    let opened: StoreUnderTest
    let store: ObjectStore
    let cases = 0
    const fresh = () => `contract/case-${++cases}`
    beforeAll(async () => {
      opened = await open()
      store = opened.store
    })
    afterAll(() => opened[Symbol.asyncDispose]())

    it('reads back what was created, and nothing where nothing was', async () => {
      const key = fresh()
      expect(await store.read(key)).toBeUndefined()
      expect(await store.head(key)).toBeUndefined()
      const written = await store.write(key, Buffer.from('one'), 'absent')
      expect(written.ok).toBe(true)
      expect(await textOf(store, key)).toBe('one')
      expect(await store.head(key)).toMatchObject({ key, size: 3, version: written.ok && written.version })
    })

    it('refuses to create what exists, and leaves it as it was', async () => {
      const key = fresh()
      await store.write(key, Buffer.from('one'), 'absent')
      expect(await store.write(key, Buffer.from('two'), 'absent')).toEqual({ ok: false, reason: 'precondition-failed' })
      expect(await textOf(store, key)).toBe('one')
    })

    it('replaces only the version named', async () => {
      const key = fresh()
      const one = await versionAfter(store, key, 'one', 'absent')
      const two = await versionAfter(store, key, 'two', { version: one })
      expect(two).not.toBe(one)
      expect(await store.write(key, Buffer.from('three'), { version: one })).toMatchObject({ ok: false })
      expect(await textOf(store, key)).toBe('two')
    })

    it('has a revision that grows with every write and removal, exactly where nobody else writes', async () => {
      const key = fresh()
      const revision = () => store.revision?.('contract/')
      expect(revision() !== undefined).toBe(store.exclusive)
      if (!store.exclusive) return
      const seen = [revision()]
      const version = await versionAfter(store, key, 'one', 'absent')
      seen.push(revision())
      await versionAfter(store, key, 'two', { version })
      seen.push(revision())
      await store.delete(key)
      seen.push(revision())
      expect(new Set(seen).size).toBe(4)
    })

    it('knows a version at once only where nobody else writes, and then never an old one', async () => {
      const key = fresh()
      const known = () => store.knownVersion?.(key)
      expect(store.knownVersion !== undefined).toBe(store.exclusive)
      if (!store.exclusive) return
      let version = await versionAfter(store, key, 'one', 'absent')
      for (let n = 0; n < 20; n++) {
        const reads = Array.from({ length: 5 }, () => store.read(key))
        version = await versionAfter(store, key, `${n}`, { version })
        expect([version, undefined]).toContain(known())
        await Promise.all(reads)
        expect([version, undefined]).toContain(known())
      }
      const reads = Array.from({ length: 5 }, () => store.read(key))
      await store.delete(key)
      expect(known()).toBeUndefined()
      await Promise.all(reads)
      expect(known()).toBeUndefined()
    })

    it('leaves nothing of a write that was aborted: no object, and nothing in lists', async () => {
      await using folder = await temporaryFolder('source')
      const key = fresh()
      await expect(store.writeFile(key, join(folder.path, 'nothing-there'))).rejects.toThrow()
      expect(await store.head(key)).toBeUndefined()
      expect(await store.read(key)).toBeUndefined()
      const listed: string[] = []
      for await (const entry of store.list(key)) listed.push(entry.key)
      expect(listed).toEqual([])
    })

    it('refuses to replace what is gone', async () => {
      const key = fresh()
      const version = await versionAfter(store, key, 'one', 'absent')
      await store.delete(key)
      expect(await store.write(key, Buffer.from('two'), { version })).toMatchObject({ ok: false })
      expect(await store.read(key)).toBeUndefined()
    })

    it('says unchanged for the version one has, and sends the new one otherwise', async () => {
      const key = fresh()
      const one = await versionAfter(store, key, 'one', 'absent')
      expect(await store.read(key, one)).toBe('unchanged')
      const two = await versionAfter(store, key, 'two', { version: one })
      expect(await store.read(key, one)).toMatchObject({ version: two })
    })

    it('lets exactly one of 50 concurrent creators win, in each of 10 rounds', async () => {
      for (let round = 0; round < 10; round++) {
        const key = fresh()
        const winners = await race(50, (n) => store.write(key, Buffer.from(`writer ${n}`), 'absent'))
        expect(winners).toHaveLength(1)
        expect(await textOf(store, key)).toBe(`writer ${winners[0]}`)
      }
    })

    it('lets exactly one of 50 concurrent replacers win, in each of 10 rounds', async () => {
      const key = fresh()
      let version = await versionAfter(store, key, 'start', 'absent')
      for (let round = 0; round < 10; round++) {
        const winners = await race(50, (n) => store.write(key, Buffer.from(`${round}: writer ${n}`), { version }))
        expect(winners).toHaveLength(1)
        const found = await store.read(key)
        if (found === undefined || found === 'unchanged') throw new Error('the document is gone')
        expect(found.body.toString()).toBe(`${round}: writer ${winners[0]}`)
        version = found.version
      }
    })

    it('creates an object from a file once, whatever its size, and never changes the file', async () => {
      await using folder = await temporaryFolder('spool')
      const key = fresh()
      const bytes = randomBytes(3_000_000)
      const path = join(folder.path, 'spooled')
      await writeFile(path, bytes)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const writes = await Promise.all([1, 2, 3].map(() => store.writeFile(key, path, sha256)))
      expect(writes.filter((write) => write.ok)).toHaveLength(1)
      expect((await streamed(store, key)).equals(bytes)).toBe(true)
      expect(await store.head(key)).toMatchObject({ size: bytes.length })
    })

    it('streams any range, and tells the size of the whole', async () => {
      const key = fresh()
      await store.write(key, Buffer.from('0123456789'), 'absent')
      for (const [start, end, text] of [
        [0, 0, '0'],
        [3, 5, '345'],
        [9, 9, '9'],
        [0, 9, '0123456789'],
      ] as const) {
        const opened = await store.open(key, { start, end })
        expect(opened.size).toBe(10)
        expect((await all(opened.stream)).toString()).toBe(text)
      }
    })

    it('opens an empty object, and rejects with file-not-found where there is none', async () => {
      const key = fresh()
      await expect(store.open(key)).rejects.toMatchObject({ code: 'file-not-found' })
      await store.write(key, Buffer.alloc(0), 'absent')
      expect(await streamed(store, key)).toHaveLength(0)
    })

    it('lists more than 1,000 keys in byte order, only below the prefix, with the versions that reads give', async () => {
      const prefix = `${fresh()}/`
      const names = Array.from({ length: 1_005 }, (_, n) => `${prefix}${n % 2 === 0 ? 'a' : 'b/c'}${n}.json`)
      await store.write(`${prefix.slice(0, -1)}-sibling`, Buffer.from('x'), 'absent')
      for (let at = 0; at < names.length; at += 50) {
        await Promise.all(names.slice(at, at + 50).map((key) => store.write(key, Buffer.from(key), 'absent')))
      }
      const listed: ObjectEntry[] = []
      for await (const entry of store.list(prefix)) listed.push(entry)
      expect(listed.map((entry) => entry.key)).toEqual([...names].sort())
      const last = listed.at(-1)
      expect(await store.read(last?.key ?? '', last?.version)).toBe('unchanged')
    })

    it('lists by a prefix that ends inside a name', async () => {
      const key = fresh()
      await store.write(`${key}/token-ab1`, Buffer.from('x'), 'absent')
      await store.write(`${key}/token-cd2`, Buffer.from('x'), 'absent')
      const listed: string[] = []
      for await (const entry of store.list(`${key}/token-a`)) listed.push(entry.key)
      expect(listed).toEqual([`${key}/token-ab1`])
    })

    it('deletes one object and not its siblings; deleting nothing is fine', async () => {
      const key = fresh()
      await store.write(key, Buffer.from('x'), 'absent')
      await store.write(`${key}.metadata`, Buffer.from('y'), 'absent')
      await store.delete(key)
      await store.delete(key)
      expect(await store.read(key)).toBeUndefined()
      expect(await textOf(store, `${key}.metadata`)).toBe('y')
    })

    it('passes the proof of conditional writes that every start makes on S3', async () => {
      await expect(proveConditionalWrites(store)).resolves.toBeUndefined()
    })
  })
}

async function textOf(store: ObjectStore, key: string): Promise<string | undefined> {
  const found = await store.read(key)
  return found === undefined || found === 'unchanged' ? undefined : found.body.toString()
}

async function versionAfter(store: ObjectStore, key: string, text: string, condition: 'absent' | { version: string }) {
  const written = await store.write(key, Buffer.from(text), condition)
  if (!written.ok) throw new Error(`writing «${key}» was refused`)
  return written.version
}

async function race(writers: number, write: (n: number) => Promise<{ ok: boolean }>): Promise<number[]> {
  const results = await Promise.all(Array.from({ length: writers }, (_, n) => write(n)))
  return results.flatMap((result, n) => (result.ok ? [n] : []))
}

async function streamed(store: ObjectStore, key: string): Promise<Buffer> {
  return all((await store.open(key)).stream)
}

async function all(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
