import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import type { Terminal } from '../../../src/cli/command.ts'
import { reloadOnHangUp } from '../../../src/cli/reload.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { liveDefinitions } from '../../../src/deploy/live-definitions.ts'
import { writtenService as service } from '../../support/definitions.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** A process that began with the services `web` and `jobs`, and what its files are changed to. */
async function aProcess() {
  const folder = await temporaryFolder('reload')
  const write = (services: object, rest: object = {}) =>
    writeFile(
      join(folder.path, 'wheelhouse.yaml'),
      stringify({ ssh: { user: 'deploy', key: 'key' }, services_folder: 'services.d', services, ...rest }),
    )
  await mkdir(join(folder.path, 'services.d'))
  await write({ web: service('web1'), jobs: service('jobs1') })
  const config = loadConfig({}, folder.path)
  const core = { config, definitions: liveDefinitions(config.services), configuration: { mistakes: [] as string[] } }
  const held = core.definitions.services
  const lines: string[] = []
  const log = { info: (text: string) => void lines.push(text), error: (text: string) => void lines.push(text) }
  let hangUp: () => void = () => undefined
  const terminal = {
    ...{ environment: {}, folder: folder.path },
    onHangUp: (act: () => void) => {
      hangUp = act
    },
  } as unknown as Terminal
  reloadOnHangUp(terminal, 'command', core, log)
  return {
    ...{ folder: folder.path, write, core, lines, hangUp: () => hangUp() },
    names: () => Object.keys(held).sort().join(' '),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

describe('a process that is told to read its configuration anew', () => {
  it('has other services from then on, for whoever holds the record of them, and says which', async () => {
    await using here = await aProcess()
    await here.write({ web: service('web1', { python: 'python3.12' }) })
    await writeFile(join(here.folder, 'services.d', 'shop.yaml'), stringify({ shop: service('shop1') }))
    here.hangUp()
    expect(here.names()).toBe('shop web')
    expect(here.core.definitions.services['web']?.python).toBe('python3.12')
    expect(here.lines).toEqual(['The configuration was read anew: services added: shop; changed: web; gone: jobs.'])
  })

  it('names what takes a restart', async () => {
    await using here = await aProcess()
    await here.write({}, { channels: ['production', 'staging'], upload: { max_bytes: 5_000 } })
    here.hangUp()
    expect(here.lines.at(-1)).toBe('Changed besides the services, and not taken up before a restart: upload, channels.')
  })

  it('keeps all as it was where there is a mistake, or nothing can be read, until a reading without any', async () => {
    await using here = await aProcess()
    await here.write({ web: service('web1', { python: 3 }) })
    here.hangUp()
    expect(here.names()).toBe('jobs web')
    expect(here.core.configuration.mistakes).toEqual(['services.web.python: expected string, received number'])
    expect(here.lines[0]).toBe(
      'The configuration has a mistake: services.web.python: expected string, received number.',
    )
    await here.write({ web: service('web1') })
    await rm(join(here.folder, 'services.d'), { recursive: true })
    await writeFile(join(here.folder, 'services.d'), 'no folder')
    here.hangUp()
    expect([here.names(), here.core.configuration.mistakes]).toEqual([
      'jobs web',
      [expect.stringContaining('services_folder: cannot be read: ENOTDIR')],
    ])
    await rm(join(here.folder, 'services.d'))
    await mkdir(join(here.folder, 'services.d'))
    here.hangUp()
    expect([here.names(), here.core.configuration.mistakes]).toEqual(['web', []])
  })
})
