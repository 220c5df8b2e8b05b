import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { knownHostsIn, recordHost } from '../../../src/deploy/known-hosts-record.ts'
import { knownHostsLine } from '../../../src/deploy/ssh/known-hosts.ts'
import { documentsOn } from '../../../src/objects/documents.ts'
import { MemoryStore } from '../../../src/objects/memory-store.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const aKey = (content: string) => Buffer.from(`\0\0\0\x0bssh-ed25519${content}`)

describe('what is known of host keys', () => {
  it('is the lines of the file, with their numbers, and what was recorded: one line a name', async () => {
    await using folder = await temporaryFolder('known-hosts')
    const file = join(folder.path, 'known_hosts')
    await writeFile(file, `# ours\n\n${knownHostsLine('web1', 22, aKey('one'))}\n`)
    const documents = documentsOn(new MemoryStore())
    const known = knownHostsIn(documents, file)
    for (const content of ['two', 'three', 'three'])
      await recordHost(documents, knownHostsLine('web2', 22, aKey(content)))
    await recordHost(documents, knownHostsLine('web2', 2222, aKey('four')))
    expect((await known()).map(({ hosts, key, at }) => [hosts, key.subarray(15).toString(), at])).toEqual([
      ['web1', 'one', { file, line: 3 }],
      ['web2', 'three', undefined],
      ['[web2]:2222', 'four', undefined],
    ])
    await writeFile(file, '')
    expect(await known()).toHaveLength(2)
  })

  it('is read twice at most for all who ask at once, and never from before somebody asked', async () => {
    const store = new MemoryStore()
    const documents = documentsOn(store)
    const known = knownHostsIn(documents, undefined)
    let reads = 0
    store.read = async (...given) => {
      reads += 1
      return await MemoryStore.prototype.read.apply(store, given)
    }
    await Promise.all(Array.from({ length: 50 }, () => known()))
    expect(reads).toBe(2)
    const early = known()
    await recordHost(documents, knownHostsLine('web1', 22, aKey('one')))
    const late = await Promise.all([known(), known()])
    expect(late.map(({ length }) => length)).toEqual([1, 1])
    await early
  })

  it('is asked for anew after it could not be read', async () => {
    const store = new MemoryStore()
    const known = knownHostsIn(documentsOn(store), undefined)
    let away = true
    store.read = async (...given) => {
      if (away) throw new Error('away')
      return await MemoryStore.prototype.read.apply(store, given)
    }
    const both = await Promise.allSettled([known(), known()])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    away = false
    expect(await known()).toEqual([])
  })
})
