import { describe, expect, it } from 'vitest'
import { otherRefusals, refusalCatalogues } from '../../src/registry/refusal-catalogues.ts'
import { clientsPage, clientsPageWithTable } from '../support/refusal-table.ts'

describe('the reasons for refusals', () => {
  it('stand in docs/clients.md as the source has them; `npm run docs` writes them', () => {
    expect(clientsPage()).toBe(clientsPageWithTable())
  })

  it('have ids in kebab-case, each in one catalogue only, and sentences that end', () => {
    const reasons = [...Object.values(refusalCatalogues), otherRefusals].flatMap((catalogue) =>
      Object.entries(catalogue),
    )
    const ids = reasons.map(([id]) => id)
    expect(ids.filter((id) => !/^[a-z0-9]+(?:-[a-z0-9]+)+$/.test(id))).toEqual([])
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    expect(reasons.filter(([, { means, fix }]) => !/[.]$/.test(means) || !/[.]$/.test(fix))).toEqual([])
  })
})
