import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { fileSchema } from '../../../src/config/file-schema.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { serviceSchema } from '../../../src/deploy/service-definition.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { toolVersions } from '../../support/tool-versions.ts'

const root = new URL('../../../', import.meta.url)
const text = (name: string) => readFileSync(fileURLToPath(new URL(name, root)), 'utf8')

interface Compose {
  readonly services: Readonly<
    Record<string, { environment: Record<string, string>; command?: string[]; image?: string }>
  >
}

/** Names of all fields that a schema knows, at any depth. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  const properties = 'properties' in schema ? Object.keys(schema.properties ?? {}) : []
  return [...new Set([...properties, ...Object.values(schema).flatMap(fieldsOf)])]
}

describe('the documents that are also configuration', () => {
  it('the example file is valid, and says what the defaults are', async () => {
    await using folder = await temporaryFolder('config')
    const path = fileURLToPath(new URL('wheelhouse.example.yaml', root))
    const example = loadConfig({ WHEELHOUSE_CONFIG: path }, folder.path)
    const defaults = loadConfig({}, folder.path)
    const { services, knownHosts, ...rest } = example
    expect(rest).toEqual({ ...defaults, services: undefined, knownHosts: undefined })
    expect(knownHosts).toBe(join(folder.path, 'known_hosts'))
    const { rollout, verify } = services['web'] ?? {}
    const { restart: _restart, ...bare } = serviceSchema.shape
    expect(bare.rollout.parse(undefined)).toEqual(rollout)
    expect(bare.verify.parse({ url: verify?.url })).toEqual(verify)
  })

  it('the example file has every field that the schema knows', () => {
    const example = text('wheelhouse.example.yaml')
    const fields = fieldsOf(z.toJSONSchema(fileSchema, { io: 'input', unrepresentable: 'any' }))
    expect(fields.length).toBeGreaterThan(40)
    // Refused with a sentence wherever they appear.
    const refused = ['reload']
    expect(fields.filter((name) => !refused.includes(name) && !new RegExp(`\\b${name}:`).test(example))).toEqual([])
  })

  it.each(['server', 'worker'])('the compose file sets only variables that the %s knows', async (name) => {
    await using folder = await temporaryFolder('config')
    const compose = parse(text('docker-compose.yml'), { merge: true }) as Compose
    const environment = Object.fromEntries(
      Object.entries(compose.services[name]?.environment ?? {}).map(([variable, value]) => [
        variable,
        value.replace(/^\$\{\w+:-(.*)\}$/, '$1').replace(/^\$\{.*\}$/, 'a-secret-that-somebody-chose'),
      ]),
    )
    const known = text('src/config/file-schema.ts')
    expect(Object.keys(environment).filter((variable) => !known.includes(`${variable}:`))).toEqual([])
    const config = loadConfig(environment, folder.path)
    expect(config.store).toMatchObject({ kind: 's3', bucket: 'wheelhouse', endpoint: 'http://s3:7070' })
    expect([config.redisUrl?.reveal(), config.worker.inServer]).toEqual(['redis://redis:6379', false])
  })

  it('the compose file has what the scaled way needs, and the S3 server that the tests run on', () => {
    const { services } = parse(text('docker-compose.yml'), { merge: true }) as Compose
    expect(Object.keys(services)).toEqual(['server', 'worker', 'redis', 's3'])
    expect(services['worker']?.command).toEqual(['node', '/app/dist/main.js', 'worker'])
    expect(services['s3']?.image).toBe(`versity/versitygw:v${toolVersions.versitygw}`)
  })

  it('the image starts what the build makes, and listens where its health check looks', () => {
    const dockerfile = text('Dockerfile')
    expect(dockerfile).toContain('CMD ["node", "/app/dist/main.js", "serve"]')
    expect(dockerfile).toContain('USER node')
    expect(dockerfile).toContain('/healthz')
  })
})
