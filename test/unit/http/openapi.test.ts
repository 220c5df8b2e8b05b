import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import Koa from 'koa'
import request from 'supertest'
import { expect, it } from 'vitest'
import { openApiRoutes } from '../../../src/http/openapi.ts'

const folder = fileURLToPath(new URL('../../../src/http', import.meta.url))

/** Routes that are written out in the code; those made in loops are tested where they are. */
function writtenRoutes(): string[] {
  const texts = readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, 'utf8'))
  const found = texts.flatMap((text) => [...text.matchAll(/router\.(get|post|put|patch|delete)\(\s*'([^']+)'/g)])
  return found.map(([, method = '', path = '']) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
}

it('describes every route that there is in /openapi.json, but for itself', async () => {
  const app = new Koa()
  app.use(openApiRoutes('http://127.0.0.1').routes())
  const { body } = await request(app.callback()).get('/openapi.json')
  const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  )
  const written = writtenRoutes()
  expect(written.length).toBeGreaterThan(25)
  expect(written.filter((route) => !described.includes(route))).toEqual(['get /openapi.json'])
})
