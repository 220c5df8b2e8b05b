import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { errorStatus } from '../../src/http/error-status.ts'
import { refusalCatalogues } from '../../src/registry/refusal-catalogues.ts'

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
  const tables = Object.entries(refusalCatalogues).map(([title, catalogue]) => {
    const rows = Object.entries(catalogue).map(
      ([id, { means, fix }]) => `| \`${id}\` | ${status} | ${cell(means)} | ${cell(fix)} |`,
    )
    return [
      `## ${title}`,
      '',
      '| id | status | what is wrong | what to do |',
      '| --- | --- | --- | --- |',
      ...rows,
      '',
    ].join('\n')
  })
  return tables.join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*').replaceAll('<', '&lt;')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(page, clientsPageWithTable())
