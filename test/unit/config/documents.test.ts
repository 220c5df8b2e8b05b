import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../../src/config/load.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const root = new URL('../../../', import.meta.url)
const text = (name: string) => readFileSync(fileURLToPath(new URL(name, root)), 'utf8')

describe('the documents that are also configuration', () => {
  it('the example file is valid, and says what the defaults are', async () => {
    await using folder = await temporaryFolder('config')
    const example = loadConfig(
      { WHEELHOUSE_CONFIG: fileURLToPath(new URL('wheelhouse.example.yaml', root)) },
      folder.path,
    )
    expect(example).toEqual(loadConfig({}, folder.path))
  })

  it('the compose file sets only variables that the server knows', async () => {
    await using folder = await temporaryFolder('config')
    const compose = parse(text('docker-compose.yml')) as {
      services: { server: { environment: Record<string, string> } }
    }
    const environment = Object.fromEntries(
      Object.entries(compose.services.server.environment).map(([name, value]) => [
        name,
        value.replace(/^\$\{\w+:-(.*)\}$/, '$1').replace(/^\$\{.*\}$/, 'a-secret-that-somebody-chose'),
      ]),
    )
    const known = text('src/config/file-schema.ts')
    expect(Object.keys(environment).filter((name) => !known.includes(`${name}:`))).toEqual([])
    expect(loadConfig(environment, folder.path).store).toMatchObject({
      kind: 's3',
      bucket: 'wheelhouse',
      endpoint: 'http://s3:7070',
    })
  })

  it('the image starts what the build makes, and listens where its health check looks', () => {
    const dockerfile = text('Dockerfile')
    expect(dockerfile).toContain('CMD ["node", "dist/main.js", "serve"]')
    expect(dockerfile).toContain('USER node')
    expect(dockerfile).toContain('/healthz')
  })
})
