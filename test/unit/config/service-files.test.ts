import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { loadConfig } from '../../../src/config/load.ts'
import { messageOf } from '../../../src/errors.ts'
import { writtenService as service } from '../../support/definitions.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** The names of the services, or each mistake in a line. */
async function loaded(files: Readonly<Record<string, string | object>>, services: object = {}) {
  await using folder = await temporaryFolder('services')
  await mkdir(join(folder.path, 'services.d'))
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder.path, 'services.d', name), typeof content === 'string' ? content : stringify(content))
  }
  const server = { external_url: 'https://index.example.com' }
  const file = { server, ssh: { user: 'deploy', key: 'key' }, services_folder: 'services.d', services }
  await writeFile(join(folder.path, 'wheelhouse.yaml'), stringify(file))
  await writeFile(join(folder.path, 'key'), '')
  try {
    return Object.keys(loadConfig({}, folder.path, 'worker').services)
      .sort()
      .join(' ')
  } catch (error) {
    return messageOf(error).split('\n').slice(1).join('\n').replaceAll(folder.path, '')
  }
}

describe('a folder of services', () => {
  it('has any number of files, each with services as wheelhouse.yaml has them', async () => {
    const files = {
      'shop.yaml': { shop: service('web2'), cart: service('web3') },
      'jobs.yml': { jobs: service('jobs1') },
      ...{ '.hidden.yaml': 'x', 'shop.yaml~': 'x', 'README.md': 'x', 'empty.yaml': '' },
    }
    expect(await loaded(files, { web: service('web1') })).toBe('cart jobs shop web')
  })

  it('names each mistake with the file and the path in it, those between files too', async () => {
    const files = {
      'a.yaml': { shop: service('web1', { root: 'srv', colour: 'red' }), Shop: service('web9') },
      'b.yaml': { jobs: service('web1'), web: service('web2') },
      'c.yaml': 'jobs: {',
      'd.yaml': { jobs: service('jobs1', { verify: { url: 'http://127.0.0.1:{port}/' } }) },
      'e.yaml': { cart: service('cart1', { subscribe: { promote: 'nowhere' } }) },
    }
    const mistakes = (await loaded(files, { web: service('web1') })).split('\n').map((line) => line.trim())
    expect(mistakes).toEqual([
      'services.d/a.yaml: shop.root: expected an absolute path without spaces',
      'services.d/a.yaml: shop: unknown: colour',
      expect.stringMatching(/^services.d\/a.yaml: Shop: /),
      'services.d/b.yaml: web: is there already, as services.web',
      expect.stringMatching(/^\/services.d\/c.yaml: .*line/),
      'services.d/d.yaml: jobs: is there already, as services.d/b.yaml: jobs',
      'services.d/e.yaml: cart.subscribe.promote: there is no channel "nowhere" among channels',
      'services.d/b.yaml: jobs.fleet.nodes.0: "web1" is the place of web1 of web as well (web1 port 22, /srv/app): each needs a root of its own',
    ])
  })

  it('has to be there', async () => {
    await using folder = await temporaryFolder('services')
    await writeFile(join(folder.path, 'wheelhouse.yaml'), 'services_folder: gone\n')
    expect(() => loadConfig({}, folder.path)).toThrow(`services_folder: there is no folder ${folder.path}/gone`)
  })
})
