import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

describe('the configuration', () => {
  it('needs nothing: a folder, a port on this machine, reading by token only', async () => {
    await using folder = await temporaryFolder('config')
    expect(loadConfig({}, folder.path)).toMatchObject({
      server: { host: '127.0.0.1', port: 8080, externalUrl: 'http://127.0.0.1:8080' },
      store: { kind: 'disk', folder: join(folder.path, 'storage') },
      access: { anonymousRead: false },
    })
  })

  it('lets the environment override the file, and takes empty variables for none', async () => {
    await using folder = await temporaryFolder('config')
    await writeFile(
      join(folder.path, 'wheelhouse.yaml'),
      'server: { port: 1234, host: 10.0.0.1 }\naccess: { anonymous_read: true }\n',
    )
    const config = loadConfig(
      { PORT: '4321', HOST: '', WHEELHOUSE_EXTERNAL_URL: 'https://pypi.example.com/x/' },
      folder.path,
    )
    expect(config.server).toMatchObject({ host: '10.0.0.1', port: 4321, externalUrl: 'https://pypi.example.com/x' })
    expect(config.access.anonymousRead).toBe(true)
  })

  it('names every mistake by its path, in one message', async () => {
    await using folder = await temporaryFolder('config')
    await mkdir(join(folder.path, 'etc'))
    const path = join(folder.path, 'etc', 'w.yaml')
    await writeFile(path, 'server: { port: 99999, hots: x }\nupload: { max_bytes: many }\nsurprise: 1\n')
    expect(() =>
      loadConfig({ PORT: 'eighty', S3_ENDPOINT: 'nowhere', WHEELHOUSE_CONFIG: 'etc/w.yaml' }, folder.path),
    ).toThrow(
      new RegExp(
        [
          'The configuration has 6 mistakes \\(environment and .*etc/w.yaml\\):',
          '  PORT: expected a port number, 0 to 65535',
          '  S3_ENDPOINT: expected an http or https URL',
          '  server.port: .*<=65535.*',
          '  server: unknown: hots',
          '  upload.max_bytes: expected number, received string',
          '  \\(top level\\): unknown: surprise',
        ].join('\n'),
      ),
    )
  })

  it('says that a file asked for is not there, and where YAML breaks', async () => {
    await using folder = await temporaryFolder('config')
    expect(() => loadConfig({ WHEELHOUSE_CONFIG: 'gone.yaml' }, folder.path)).toThrow(
      /WHEELHOUSE_CONFIG: there is no file .*gone.yaml/,
    )
    await writeFile(join(folder.path, 'wheelhouse.yaml'), 'server: {port: 1\n')
    expect(() => loadConfig({}, folder.path)).toThrow(/line 2/)
  })

  it('wants both halves of S3 credentials, and never prints a secret', async () => {
    await using folder = await temporaryFolder('config')
    expect(() => loadConfig({ S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'id' }, folder.path)).toThrow(
      /S3_SECRET_ACCESS_KEY: .*go together/,
    )
    const config = loadConfig(
      { S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'hush-hush' },
      folder.path,
    )
    expect(inspect(config, { depth: 9 }) + JSON.stringify(config) + String(config)).not.toContain('hush-hush')
  })

  it('is frozen, down to its leaves', async () => {
    await using folder = await temporaryFolder('config')
    const config = loadConfig({}, folder.path)
    expect(Object.isFrozen(config) && Object.isFrozen(config.server) && Object.isFrozen(config.store)).toBe(true)
  })
})
