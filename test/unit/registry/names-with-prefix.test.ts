import { describe, expect, it } from 'vitest'
import { namesWithPrefix } from '../../../src/registry/catalog.ts'
import { versionMeant } from '../../../src/registry/releases.ts'

const names = Array.from({ length: 100_000 }, (_, n) => `p-${String(n).padStart(5, '0')}`)
const all = { prefix: '', after: '', limit: 3, visible: () => true }

describe('names by prefix', () => {
  it.each([
    [{}, ['p-00000', 'p-00001', 'p-00002']],
    [{ prefix: 'P_9999' }, ['p-99990', 'p-99991', 'p-99992']],
    [{ prefix: 'p-9999', after: 'p-99998' }, ['p-99999']],
    [{ after: 'p-99999' }, []],
    [{ prefix: 'q' }, []],
    [{ after: 'p-0000' }, ['p-00000', 'p-00001', 'p-00002']],
    [{ visible: (name: string) => name.endsWith('7') }, ['p-00007', 'p-00017', 'p-00027']],
  ])('%j finds %j', (search, found) => expect(namesWithPrefix(names, { ...all, ...search })).toEqual(found))

  it('looks at no more names than it needs, of however many', () => {
    let looked = 0
    const watched = new Proxy(names, {
      get: (target, property) => {
        looked++
        return Reflect.get(target, property)
      },
    })
    namesWithPrefix(watched, { ...all, prefix: 'p-5' })
    expect(looked).toBeLessThan(60)
  })
})

describe('the release that a person means', () => {
  it.each([
    ['1.0', '1.0'],
    ['1', '1.0'],
    ['1.0.0', '1.0'],
    ['v1.0', '1.0'],
    ['2.0RC1', '2.0rc1'],
    ['2.0', undefined],
    ['nonsense', undefined],
  ])('%s is %s', (text, version) => expect(versionMeant(['1.0', '2.0rc1'], text)).toBe(version))
})
