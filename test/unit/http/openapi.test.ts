import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Koa from 'koa'
import request from 'supertest'
import { expect, it } from 'vitest'
import { answerSchemas, answersOf } from '../../../src/http/answers.ts'
import { openApiRoutes } from '../../../src/http/openapi.ts'

const folder = fileURLToPath(new URL('../../../src/http', import.meta.url))

/** Routes that are written out in the code; those made in loops are tested where they are. */
function writtenRoutes(): string[] {
  const texts = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
  const found = texts.flatMap((text) => [...text.matchAll(/router\.(get|post|put|patch|delete)\(\s*'([^']+)'/g)])
  return found.map(([, method = '', path = '']) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
}

async function shown() {
  const app = new Koa()
  app.use(openApiRoutes('http://127.0.0.1').routes())
  return (await request(app.callback()).get('/openapi.json')).body
}

it('describes every route that there is in /openapi.json, but for itself', async () => {
  const { paths } = await shown()
  const described = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  const written = writtenRoutes()
  expect(written.length).toBeGreaterThan(25)
  expect(written.filter((route) => !described.includes(route))).toEqual(['get /openapi.json'])
})

it('describes the JSON of each answer that has a name, and shows each schema that it names', async () => {
  const { paths, components } = await shown()
  const named = new Set<string>()
  for (const [key, name] of Object.entries(answersOf)) {
    const [method = '', path = ''] = key.split(' ')
    const [[, answer] = []] = Object.entries<{ content: object }>(paths[path]?.[method]?.responses ?? {})
    expect(answer?.content, key).toMatchObject({
      'application/json': { schema: { $ref: `#/components/schemas/${name}` } },
    })
    named.add(name)
  }
  expect([...named].sort()).toEqual(Object.keys(answerSchemas).sort())
  expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining([...named, 'Error']))
  expect(components.schemas.Deploy).toMatchObject({
    properties: { phase: { enum: expect.arrayContaining(['gated', 'rolled_back']) }, nodes: { type: 'array' } },
    required: expect.arrayContaining(['id', 'phase', 'nodes']),
  })
  expect(
    paths['/promote/{project}/{version}'].post.responses['409'].content['application/json'].schema.anyOf,
  ).toHaveLength(2)
})
