import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { loadConfig } from '../../../src/config/load.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const example = readFileSync(fileURLToPath(new URL('../../../wheelhouse.example.yaml', import.meta.url)), 'utf8')

/** What stands in comments as an alternative: a field with all that is indented below it. In the order of the file. */
function alternativesIn(text: string): readonly (readonly [name: string, value: unknown])[] {
  const blocks = text.matchAll(/^ *# (\w+):.*\n(?: *# {2,}\S.*\n)*/gm)
  return [...blocks].map(([block, name = '']) => {
    const field: unknown = parse(block.replace(/^ *# /gm, ''))
    return [name, (field as Readonly<Record<string, unknown>>)[name]] as const
  })
}

const alternatives = alternativesIn(example)
/** The value of an alternative; `nth` where several have the name. */
const of = (name: string, nth = 0) => alternatives.filter((one) => one[0] === name)[nth]?.[1]
const fields = (...names: string[]) => Object.fromEntries(names.map((name) => [name, of(name)]))

interface Inventory {
  readonly command: unknown
  readonly file: unknown
}

function inventory(left: keyof Inventory): object {
  const { [left]: _other, ...rest } = of('inventory') as Inventory
  return { fleet: { inventory: rest } }
}

const inPlace = { layout: 'in-place', venv: of('venv') }
const reloaded = { systemd: 'app.service', sudo: true, reload: of('reload') }
const hangUp = { signal: of('signal', 1), ...fields('pidfile', 'start') }

/** What takes the place of what in `web`, and which lines of the example that is. */
const ofService: readonly (readonly [what: string, of: readonly string[], changes: object])[] = [
  ['uploads', ['upload'], { subscribe: fields('upload') }],
  ['an inventory by command', ['inventory'], inventory('file')],
  ['an inventory in a file', ['inventory'], inventory('command')],
  ['indexes through the worker', ['index_hosts'], { index_access: 'ssh', ...fields('index_hosts') }],
  ['supervisor', ['supervisor', 'config'], { restart: fields('supervisor', 'config') }],
  ['USR2', ['signal', 'pidfile'], { restart: fields('signal', 'pidfile') }],
  ['a command', ['command'], { restart: fields('command') }],
  ['a check before the restart', ['check'], { restart: { systemd: 'app.service', ...fields('check') } }],
  ['reload, in place', ['venv', 'reload'], { ...inPlace, restart: reloaded }],
  ['HUP, in place', ['venv', 'signal', 'pidfile', 'start'], { ...inPlace, restart: hangUp }],
  ['the process of a unit', ['verify'], { verify: of('verify') }],
  ['the process of a pid file', ['verify', 'command'], { verify: of('verify', 1), restart: fields('command') }],
  ['files alone', ['verify'], { verify: of('verify', 2) }],
  ['waves', ['waves', 'wave_soak_seconds', 'canary'], { rollout: fields('waves', 'wave_soak_seconds', 'canary') }],
  ['approvals', ['approvals'], fields('approvals')],
]

const ofAll: readonly (readonly [what: string, of: readonly string[], changes: object])[] = [
  ['TLS', ['tls'], { server: fields('tls') }],
  ['an order of channels', ['channel_order'], { channels: ['production', 'staging'], ...fields('channel_order') }],
  ['notices', ['notify'], fields('notify')],
  ['jump hosts', ['jump'], { ssh: { user: 'deploy', key: 'deploy-key', ...fields('jump') } }],
  ['an SSH agent', ['agent'], { ssh: { user: 'deploy', ...fields('agent') } }],
  ['freezes', ['freezes'], fields('freezes')],
  ['a folder of services', ['services_folder'], fields('services_folder')],
]

/** Rejects with every mistake. */
async function load(change: (settings: ReturnType<typeof parse>) => object) {
  await using folder = await temporaryFolder('example')
  await mkdir(join(folder.path, 'services.d'))
  await writeFile(join(folder.path, 'wheelhouse.yaml'), stringify(change(parse(example))))
  return loadConfig({}, folder.path)
}

describe('what stands in the comments of the example file', () => {
  it.each(ofService)('can be written for a service: %s', async (_what, _of, changes) => {
    const config = await load(({ services, ...settings }) => ({
      ...settings,
      services: { web: { ...services.web, ...changes } },
    }))
    expect(Object.keys(config.services['web'] ?? {})).toEqual(expect.arrayContaining(Object.keys(changes)))
  })

  it.each(ofAll)('can be written for all: %s', async (_what, _of, changes) => {
    await load((settings) => ({ ...settings, ...changes }))
  })

  it('is tried here to the last field', () => {
    const tried = [...ofService, ...ofAll].flatMap(([, names]) => names)
    expect([...new Set(alternatives.map(([name]) => name))].sort()).toEqual([...new Set(tried)].sort())
    expect(alternatives.filter(([name]) => name === 'signal').map(([, value]) => value)).toEqual(['USR2', 'HUP'])
    expect(alternatives.filter(([name]) => name === 'verify')).toHaveLength(3)
  })
})
