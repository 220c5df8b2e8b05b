import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ErrorCode } from '../../src/errors.ts'
import { errorStatus } from '../../src/http/error-status.ts'
import type { RefusalCatalogue } from '../../src/packaging/refusals.ts'
import { otherRefusals, refusalCatalogues } from '../../src/registry/refusal-catalogues.ts'

const page = fileURLToPath(new URL('../../docs/clients.md', import.meta.url))
const begin = '<!-- refusals: `npm run docs` writes what follows -->'
const end = '<!-- end of refusals -->'

/** `docs/clients.md` as it is. */
export function clientsPage(): string {
  return readFileSync(page, 'utf8')
}

/** `docs/clients.md` with the table of all refusals made anew from the catalogues that the checks throw from. */
export function clientsPageWithTable(): string {
  const text = clientsPage()
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)]
  if (start === -1 || stop === -1) throw new Error(`${page} has lost its markers: ${begin} and ${end}`)
  return `${text.slice(0, start)}${begin}\n\n${refusalTables()}\n${text.slice(stop)}`
}

function refusalTables(): string {
  const status = errorStatus['invalid-upload']
  const tables = Object.entries(refusalCatalogues).map(([title, catalogue]) => table(title, catalogue, () => status))
  const others = table('Other answers to an upload', otherRefusals, (code) => errorStatus[code as ErrorCode])
  return [...tables, others].join('\n')
}

function table(title: string, catalogue: RefusalCatalogue, statusOf: (id: string) => number): string {
  const rows = Object.entries(catalogue).map(
    ([id, { means, fix }]) => `| \`${id}\` | ${statusOf(id)} | ${cell(means)} | ${cell(fix)} |`,
  )
  const head = ['| id | status | what is wrong | what to do |', '| --- | --- | --- | --- |']
  return [`## ${title}`, '', ...head, ...rows, ''].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, clientsPageWithTable())
