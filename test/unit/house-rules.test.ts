import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const files = ['src', 'test'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => ({ path: join(folder, file), text: readFileSync(join(root, folder, file), 'utf8') })),
)
const self = 'test/unit/house-rules.test.ts'

function offenders(broken: (file: { readonly path: string; readonly text: string }) => boolean): readonly string[] {
  return files.filter((file) => file.path !== self && broken(file)).map(({ path }) => path)
}

describe('the house rules', () => {
  it('keep every file within 300 lines', () => {
    expect(offenders(({ text }) => text.split('\n').length > 301)).toEqual([])
  })

  it('name files for what they are', () => {
    const nothing = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager']
    const named = (path: string) => [...path.split('/').slice(0, -1), basename(path).split('.')[0] ?? '']
    expect(offenders(({ path }) => named(path).some((part) => nothing.includes(part)))).toEqual([])
  })

  it('mock no modules and skip no tests', () => {
    expect(
      offenders(({ text }) => /\bvi\.mock\(|\.skipIf\(|\b(?:it|test|describe)\.(?:skip|only|todo)\b/.test(text)),
    ).toEqual([])
  })

  it('keep no state at the top of a file', () => {
    const state = /^(?:export )?(?:let |const \w+(?:: [^=]+)? = new (?:Map|Set|WeakMap|WeakSet)(?:<[^>]*>)?\(\)$)/m
    expect(offenders(({ path, text }) => path.startsWith('src/') && state.test(text))).toEqual([])
  })

  it('explain themselves: comments are between 4 and 25 percent of the lines of src', () => {
    const lines = files.filter(({ path }) => path.startsWith('src/')).flatMap(({ text }) => text.split('\n'))
    const comments = lines.filter((line) => /^\s*(?:\/\/|\/\*\*|\*)/.test(line)).length
    expect(comments / lines.length).toBeGreaterThan(0.04)
    expect(comments / lines.length).toBeLessThan(0.25)
  })
})
