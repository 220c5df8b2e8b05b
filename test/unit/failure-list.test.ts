import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

it('the list of failures in docs/operations.md quotes sentences that the product says', () => {
  const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
    .join('\n')
  const page = readFileSync(join(root, 'docs', 'operations.md'), 'utf8')
  const table = page.slice(page.indexOf('| it says |'), page.indexOf('## Telling others'))
  const quoted = table.split('\n').flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
  const said = quoted.map(([, words = '']) => words)
  expect(said.length).toBeGreaterThan(25)
  expect(said.filter((words) => words !== '/readyz' && !source.includes(words))).toEqual([])
})
