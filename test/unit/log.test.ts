import { describe, expect, it } from 'vitest'
import { jsonLog } from '../../src/log.ts'

function logged(use: (log: ReturnType<typeof jsonLog>) => void): unknown[] {
  const lines: string[] = []
  use(jsonLog((line) => lines.push(line)))
  return lines.map((line) => JSON.parse(line))
}

describe('the log', () => {
  it('is a line of JSON for each entry: when, how bad, a sentence, and the values', () => {
    expect(logged((log) => log.info('Carrying web.1.', { deploy: 'web.1', fence: 3 }))).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        level: 'info',
        message: 'Carrying web.1.',
        deploy: 'web.1',
        fence: 3,
      },
    ])
    expect(logged((log) => log.error('The store is away.'))).toMatchObject([{ level: 'error' }])
  })

  it('shows no secret, even where somebody passes one', () => {
    const text = JSON.stringify(
      logged((log) => log.error('no', { headers: { authorization: 'whl_x' }, password: 'whl_x' })),
    )
    expect(text).not.toContain('whl_x')
    expect(text).toContain('[secret]')
  })
})
