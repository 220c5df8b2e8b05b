import { utf8 } from '../archive/bytes.ts'
import { refusing, shown } from '../refusals.ts'
import { entryPointRefusals } from './refusals.ts'

const refuse = refusing(entryPointRefusals)
const scriptGroups = ['console_scripts', 'gui_scripts']

/**
 * Checks `entry_points.txt` by the rules of Python's `configparser` with "=" as the only delimiter, as PyPI does, and of
 * `importlib.metadata`, which pip uses: that one strips all lines, and knows neither continued values nor ";" for comments.
 * From each script an installer writes a program of that name into `bin/`.
 */
export function checkEntryPoints(bytes: Uint8Array): void {
  for (const [group, entries] of parseIni(bytes)) {
    if (!scriptGroups.includes(group)) continue
    for (const [name, target] of entries) checkScript(name, target)
  }
}

function checkScript(name: string, target: string): void {
  if (!/^[\p{L}\p{N}_.-]+$/u.test(name) || /^\.+$/.test(name))
    throw refuse('entry-points-script-name', `it has a script named ${shown(name)}`)
  if (!/^[\p{L}\p{N}_.]+\s*:\s*[\p{L}\p{N}_.]+\s*(?:\[[^\]]*\]\s*)?$/u.test(target))
    throw refuse('entry-points-script-target', `its script ${shown(name)} calls ${shown(target)}`)
}

type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>

function parseIni(bytes: Uint8Array): Sections {
  const text = utf8(bytes)
  if (text === undefined) throw refuse('entry-points-malformed', 'its entry_points.txt is not UTF-8')
  const sections = new Map<string, Map<string, string>>()
  let section: Map<string, string> | undefined
  let indent = 0
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const header = /^\[([^[\]]+)\]$/.exec(line)?.[1]
    const isContinued = section !== undefined && section.size > 0 && raw.search(/\S/) > indent
    if (isContinued) throw malformed(line)
    if (header !== undefined) section = openSection(sections, header)
    else addOption(section, line)
    indent = raw.search(/\S/)
  }
  return sections
}

function malformed(line: string): Error {
  return refuse('entry-points-malformed', `its entry_points.txt has the line ${shown(line)}`)
}

function openSection(sections: Map<string, Map<string, string>>, name: string): Map<string, string> {
  if (sections.has(name))
    throw refuse('entry-points-duplicate', `its entry_points.txt has the section ${shown(name)} twice`)
  const section = new Map<string, string>()
  sections.set(name, section)
  return section
}

function addOption(section: Map<string, string> | undefined, line: string): void {
  const equals = line.indexOf('=')
  const name = line.slice(0, equals).trim()
  if (section === undefined || equals === -1 || name === '' || /^[[;]/.test(line)) throw malformed(line)
  if (section.has(name)) throw refuse('entry-points-duplicate', `its entry_points.txt has ${shown(name)} twice`)
  section.set(name, line.slice(equals + 1).trim())
}
