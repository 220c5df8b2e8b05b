import { describe, expect, it } from 'vitest'
import type { Catalog } from '../../../src/registry/catalog.ts'
import { FinishedPages } from '../../../src/registry/finished-pages.ts'
import { pagesOf, type Selection } from '../../../src/registry/pages.ts'
import type { Projects } from '../../../src/registry/projects.ts'

function anIndex(names: string[]) {
  const made: boolean[] = []
  const catalog: Catalog = { add: async () => undefined, names: async () => ({ names, version: names.join() }) }
  const nothing = {} as Projects
  const pages = pagesOf(nothing, catalog, 'http://index', new FinishedPages(1_000_000, (hit) => made.push(!hit)))
  const shown = async (selection: Selection) => String(await (await pages.indexOf('json', selection)).body(undefined))
  return { pages, made, shown }
}

const acme: Selection = { name: 'read:acme-*', visible: (name) => name.startsWith('acme-') }
const other: Selection = { name: 'read:other', visible: (name) => name === 'other' }

describe('the root of the index for who may see a part of it', () => {
  it('is made once for each part and state of the catalogue, and shows the part alone', async () => {
    const names = ['acme-a', 'other']
    const { pages, made, shown } = anIndex(names)
    expect(await shown(acme)).toContain('"projects":[{"name":"acme-a"}]')
    await shown(acme)
    expect(made).toEqual([true, false])
    expect(await shown(other)).toContain('"projects":[{"name":"other"}]')
    expect(String((await pages.index('json')).body(undefined))).toContain('"acme-a"},{"name":"other"')
    names.unshift('acme-0')
    expect(await shown(acme)).toContain('"projects":[{"name":"acme-0"},{"name":"acme-a"}]')
    expect(made).toEqual([true, false, true, true, true])
  })
})
