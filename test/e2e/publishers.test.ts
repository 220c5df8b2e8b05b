import { readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { greetingWheel } from '../support/demo-app.ts'
import { clientsIn, indexUrl, simplePage } from '../support/index-clients.ts'
import { builtBySetuptools, projectFor, publishers } from '../support/publishers.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'

describe('clients that build and publish', () => {
  let server: RunningWheelhouse
  let home: TemporaryFolder
  beforeAll(async () => {
    server = await startWheelhouse()
    home = await temporaryFolder('publisher')
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await home?.[Symbol.asyncDispose]()
  })

  it.each(publishers)(
    '%s publishes what it built, again too, and pip installs it by its hashes',
    async (publisher) => {
      const name = `By.${publisher}_X`
      const project = await projectFor(publisher, home.path, name)
      await project.build()
      const first = await project.publish(server)
      expect(first.code, first.stdout + first.stderr).toBe(0)
      const page = await simplePage(server, `by-${publisher}-x`)
      if (typeof page === 'number') throw new Error(`the page is ${page}`)
      expect(page.files.map(({ filename }) => filename.replace(/^.*\./, '')).sort()).toEqual(['gz', 'whl'])
      const again = await project.publish(server)
      expect(again.code, again.stdout + again.stderr).toBe(0)
      expect(await simplePage(server, `by-${publisher}-x`)).toEqual(page)

      const clients = clientsIn(home.path)
      await clients.twine('twine', server, [greetingWheel('2.0')])
      const greeting = await simplePage(server, 'greeting')
      const files = [page, greeting].flatMap((one) => (typeof one === 'number' ? [] : one.files))
      const line = (project: string, version: string) =>
        [
          `${project}==${version}`,
          ...files
            .filter(({ url }) => url.includes(`/${project}/`))
            .map(({ hashes }) => `--hash=sha256:${hashes.sha256}`),
        ].join(' ')
      const requirements = join(home.path, `${publisher}.txt`)
      await writeFile(requirements, `${line(`by-${publisher}-x`, '1.0')}\n${line('greeting', '2.0')}\n`)
      const hashed = ['--require-hashes', '--only-binary', ':all:', '-r', requirements]
      const installed = await clients.pipInstall('pipNew', indexUrl(server), hashed, `lib-${publisher}`)
      expect(installed.code, installed.stdout + installed.stderr).toBe(0)
      expect(installed.stdout).toMatch(/Successfully installed .*greeting-2\.0/)
    },
    120_000,
  )

  it.each(['twine', 'debianTwine', 'uv'] as const)(
    'takes what setuptools 66 made of a project without pyproject.toml, from %s',
    async (client) => {
      // uv itself skips files whose names are not normal.
      const name = client === 'uv' ? 'old_style_uv' : `Old.Style_${client}`
      const project = `old-style-${client.toLowerCase()}`
      const files = await builtBySetuptools(home.path, name)
      const clients = clientsIn(home.path)
      const uploaded =
        client === 'uv'
          ? await clients.uvPublish(server, await distributionsOf(files))
          : await clients.twine(client, server, files)
      expect(uploaded.code, uploaded.stdout + uploaded.stderr).toBe(0)
      const page = await simplePage(server, project)
      expect(page).toMatchObject({ versions: ['1.0'], files: [{}, {}] })
    },
    60_000,
  )
})

async function distributionsOf(paths: readonly string[]) {
  return await Promise.all(paths.map(async (path) => ({ filename: basename(path), bytes: await readFile(path) })))
}
