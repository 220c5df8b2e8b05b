import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Amendment, amend, type ProjectContent } from '../../../src/registry/amend.ts'
import { deletedFiles, listedFiles } from '../../../src/registry/amendments.ts'
import { type ProjectHead, projectDocument } from '../../../src/registry/model.ts'
import { emptyHead, seal, withFiles } from '../../../src/registry/project-head.ts'
import { aRecord } from '../../support/file-record.ts'

const mark = { at: '2026-11-25T12:00:00.000Z', by: 'ada' }
const wheel = aRecord(0)
const sdist = aRecord(0, { filename: 'app-1.0.tar.gz', filetype: 'sdist', sha256: 'a'.repeat(64) })
const next = aRecord(1)

function project(...amendments: readonly Amendment[]): ProjectContent {
  const head = withFiles(emptyHead('app', 'App'), [wheel, sdist, next])
  return amendments.reduce((content, amendment) => after(content, amendment), { head, records: head.files })
}

function after(content: ProjectContent, amendment: Amendment): ProjectContent {
  return { ...content, head: amend(content, amendment, mark).head }
}

function states({ head, records }: ProjectContent): Record<string, string> {
  const listed = listedFiles(head, records).map((file) => [file.filename, file.yanked?.reason ?? 'there'])
  return Object.fromEntries([...listed, ...deletedFiles(head, records).map((file) => [file.filename, 'deleted'])])
}

const yank = (reason: string, filename?: string): Amendment => ({ kind: 'yank', version: '1.0', filename, reason })
const unyank = (filename?: string): Amendment => ({ kind: 'unyank', version: '1.0', filename, reason: '' })
const remove = (filename?: string): Amendment => ({ kind: 'delete', version: '1.0', filename, reason: 'oops' })
const restore = (filename?: string): Amendment => ({ kind: 'restore', version: '1.0', filename, reason: '' })

describe('what is said of a project later', () => {
  it.each([
    ['a yank of a release', [yank('broken')], ['broken', 'broken', 'there']],
    ['a yank of one file', [yank('no numpy', sdist.filename)], ['there', 'no numpy', 'there']],
    [
      'a release un-yanked with all its files',
      [yank('a'), yank('b', wheel.filename), unyank()],
      Array(3).fill('there'),
    ],
    ['one file un-yanked', [yank('b', wheel.filename), unyank(wheel.filename)], Array(3).fill('there')],
    ['a release deleted', [remove()], ['deleted', 'deleted', 'there']],
    ['one file deleted', [remove(sdist.filename)], ['there', 'deleted', 'there']],
    ['deleted and restored', [remove(), restore()], Array(3).fill('there')],
    ['restored in part', [remove(), restore(wheel.filename)], ['there', 'deleted', 'there']],
    ['yanked, deleted and restored', [yank('broken'), remove(), restore()], ['broken', 'broken', 'there']],
  ] as const)('%s', (_name, amendments, expected) => {
    expect(Object.values(states(project(...amendments)))).toEqual(expect.arrayContaining([...expected]))
    expect(states(project(...amendments))).toEqual({
      [wheel.filename]: expected[0],
      [sdist.filename]: expected[1],
      [next.filename]: expected[2],
    })
  })

  it('counts for a wheel that comes to a yanked release later', () => {
    const { head } = project(yank('broken'))
    const late = aRecord(0, { filename: 'app-1.0-py2-none-any.whl' })
    expect(listedFiles(withFiles(head, [late]), [late])[0]?.yanked?.reason).toBe('broken')
  })

  it.each([
    ['a release that is not there', { ...yank(''), version: '9' }, '"app" has no release 9.'],
    ['a file that is not there', yank('', 'x.whl'), 'app 1.0 has no file "x.whl".'],
    ['a yank of what was deleted', yank('', sdist.filename), 'app-1.0.tar.gz of app was deleted. Restore it first.'],
  ])('refuses %s', (_name, amendment, sentence) => {
    expect(() => amend(project(remove(sdist.filename)), amendment, mark)).toThrow(sentence)
  })

  it('refuses to un-yank one file of a yanked release, and to restore what was swept', () => {
    expect(() => amend(project(yank('')), unyank(wheel.filename), mark)).toThrow('All of app 1.0 is yanked.')
    const { head, records } = project(remove(wheel.filename))
    const tombstone = { ...mark, reason: '', sha256: wheel.sha256, swept: true as const }
    const deleted = { ...head.amendments, deletedFiles: { [wheel.filename]: tombstone } }
    const swept = { head: { ...head, amendments: deleted }, records }
    expect(() => amend(swept, restore(wheel.filename), mark)).toThrow('were swept after the deletion')
  })

  it('reads the heads of before, which had none', () => {
    const { amendments: _none, ...old } = emptyHead('app', 'App')
    expect(projectDocument.schema.parse(old)).toEqual(emptyHead('app', 'App'))
  })
})

/** Uploads, amendments and sealing in any order, as a reader sees them afterwards. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('upload' as const), release: fc.nat(3), file: fc.nat(3) }),
  fc.record({
    kind: fc.constantFrom('yank' as const, 'unyank' as const, 'delete' as const, 'restore' as const),
    release: fc.nat(3),
    file: fc.option(fc.nat(3), { nil: undefined }),
    reason: fc.constantFrom('', 'broken'),
  }),
  fc.record({ kind: fc.constant('status' as const), status: fc.constantFrom('active' as const, 'archived' as const) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

const nameOf = (release: number, file: number) => `app-1.${release}-${file}-py3-none-any.whl`

function take(content: ProjectContent, one: Step): ProjectContent {
  if (one.kind === 'upload') {
    const filename = nameOf(one.release, one.file)
    if (content.records.some((record) => record.filename === filename)) return content
    const record = aRecord(one.release, { filename, sha256: `${one.release}${one.file}`.padStart(64, '0') })
    return { head: withFiles(seal(content.head).head, [record]), records: [...content.records, record] }
  }
  const amendment: Amendment =
    one.kind === 'status'
      ? { ...one, reason: '' }
      : {
          kind: one.kind,
          reason: one.reason,
          version: `1.${one.release}`,
          filename: one.file === undefined ? undefined : nameOf(one.release, one.file),
        }
  try {
    const { head } = amend(content, amendment, mark)
    expect(amend({ ...content, head }, amendment, mark)).toEqual({ head, changed: false })
    return { ...content, head }
  } catch (error) {
    expect(error).toMatchObject({ name: 'DomainError' })
    return content
  }
}

describe('any order of uploads and amendments', () => {
  it('keeps every record, lists or buries each, never both, and survives being stored', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const start: ProjectContent = { head: emptyHead('app', 'App'), records: [] }
        const { head, records } = steps.reduce(take, start)
        const [listed, deleted] = [listedFiles(head, records), deletedFiles(head, records)]
        expect([...listed, ...deleted].map((file) => file.filename).sort()).toEqual(
          records.map((file) => file.filename).sort(),
        )
        for (const file of deleted) expect(file.deleted.sha256).toBe(file.sha256)
        const names = new Set(records.map((file) => file.filename))
        const { yankedFiles, deletedFiles: buried } = head.amendments
        expect([...Object.keys(yankedFiles), ...Object.keys(buried)].filter((name) => !names.has(name))).toEqual([])
        const stored: ProjectHead = projectDocument.schema.parse(JSON.parse(JSON.stringify(head)))
        expect(stored).toEqual(JSON.parse(JSON.stringify(head)))
      }),
    )
  })

  it('touches no other release', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const uploads = steps.filter((one) => one.kind === 'upload')
        const others = steps.filter((one) => one.kind !== 'upload' && one.kind !== 'status' && one.release !== 0)
        const start = uploads.reduce(take, { head: emptyHead('app', 'App'), records: [] } as ProjectContent)
        const { head, records } = others.reduce(take, start)
        const untouched = (content: ProjectContent) =>
          listedFiles(content.head, content.records).filter((file) => file.version === '1.0')
        expect(untouched({ head, records })).toEqual(untouched(start))
      }),
    )
  })
})
