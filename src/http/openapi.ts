import Router from '@koa/router'
import { z } from 'zod'
import { errorCodes } from '../errors.ts'
import type { Scope } from '../identity/scopes.ts'
import { reasonBody, statusBody } from './amendments.ts'
import { answerSchemas, answersOf } from './answers.ts'
import { desiredQuery } from './deploys.ts'
import { freezeBody } from './freezes.ts'
import { listQuery } from './projects.ts'
import { promotionBody, promotionQuery, waitQuery } from './promote.ts'
import { pinBody, rollbackBody } from './service-actions.ts'
import { newTokenSchema } from './tokens.ts'

interface Operation {
  readonly summary: string
  /** Absent: for everybody. */
  readonly scope?: Scope
  readonly body?: z.ZodType
  readonly query?: z.ZodObject
  /** Media types of the answer; JSON where left out. */
  readonly answers?: readonly string[]
  /** 200 where left out. */
  readonly statuses?: Readonly<Record<number, string>>
}

const pages = ['application/vnd.pypi.simple.v1+json', 'application/vnd.pypi.simple.v1+html', 'text/html']
const bytes = ['application/octet-stream']
const text = ['text/plain', 'application/json']
const reading = { scope: 'read' } as const
const amending = { scope: 'manage', body: reasonBody } as const
const promotionStatuses = {
  200: 'All is as asked for',
  202: 'Promoted; a deploy is not over yet',
  409: 'Refused, superseded by a newer promotion, or it waits for approval',
  424: 'Promoted; a deploy failed',
}
const release = '/projects/{project}/{version}'

const controlSummaries: Readonly<Record<string, string>> = {
  pause: 'Begin nothing new; what is in hand on a node is finished',
  resume: 'Go on; what failed is left out',
  abort: 'End it; the nodes that were touched go back, one at a time',
  retry: 'After a pause by a failure: try again what failed',
  'exclude/{node}': 'Go on without this node',
}

/** The routes for programs, by method and path. Aliases and redirects are left out. */
const operations: Readonly<Record<string, Operation>> = {
  'get /simple/': { ...reading, summary: 'All projects (PEP 503, 691)', answers: pages },
  'get /simple/{project}/': {
    ...reading,
    summary: 'Files of a project (PEP 503, 691, 700, 714, 592, 792)',
    answers: pages,
  },
  'get /channels/{channel}/simple/': { ...reading, summary: 'All projects, as a channel shows them', answers: pages },
  'get /channels/{channel}/simple/{project}/': { ...reading, summary: 'What is promoted of a project', answers: pages },
  'get /files/{project}/{sha256}/{filename}': {
    ...reading,
    summary: 'A file; with .metadata its METADATA',
    answers: bytes,
  },
  'get /integrity/{project}/{version}/{filename}/provenance': {
    ...reading,
    summary: 'Attestations that came with a file (PEP 740)',
    answers: ['application/vnd.pypi.integrity.v1+json'],
  },
  'get /pypi/{project}/json': { ...reading, summary: "PyPI's JSON of a project" },
  'get /pypi/{project}/{version}/json': { ...reading, summary: "PyPI's JSON of a release" },
  'post /legacy/': {
    scope: 'upload',
    summary: 'Upload a file, as twine does (multipart/form-data)',
    answers: ['text/plain'],
  },
  'get /projects/': { ...reading, query: listQuery, summary: 'Projects by prefix, page by page' },
  'get /projects/{project}': { ...reading, summary: 'A project: status, releases, files, deleted files' },
  [`get ${release}`]: { ...reading, summary: 'A release and its files' },
  'put /projects/{project}/status': { scope: 'manage', body: statusBody, summary: 'Set the status (PEP 792)' },
  [`delete ${release}`]: { ...amending, summary: 'Delete a release' },
  [`delete ${release}/{filename}`]: { ...amending, summary: 'Delete a file' },
  ...Object.fromEntries(
    ['yank', 'unyank', 'restore'].flatMap((verb) => [
      [`post ${release}/${verb}`, { ...amending, summary: `${verb} a release` }],
      [`post ${release}/{filename}/${verb}`, { ...amending, summary: `${verb} a file` }],
    ]),
  ),
  'post /promote/{project}/{version}': {
    scope: 'promote',
    body: promotionBody,
    query: promotionQuery,
    summary: 'Point a channel at a release, and deploy it',
    answers: [...text, 'text/event-stream'],
    statuses: promotionStatuses,
  },
  'get /channels/{project}': { ...reading, summary: 'The channels of a project with their history' },
  'get /services': { ...reading, summary: 'All services', answers: text },
  'get /services/{name}': { ...reading, summary: 'A service and its last deploys', answers: text },
  'post /services/{name}/hold': {
    scope: 'deploy',
    body: reasonBody,
    summary: 'Refuse promotions to a service',
    answers: text,
  },
  'post /services/{name}/release': {
    scope: 'deploy',
    body: reasonBody,
    summary: 'Let promotions through again',
    answers: text,
  },
  'get /services/{name}/freezes': { ...reading, summary: 'Freezes of a service, of whatever source', answers: text },
  'post /services/{name}/freezes': {
    scope: 'deploy',
    body: freezeBody,
    summary: 'Freeze a service: promotions are refused, and a deploy under way waits before its next wave',
    answers: text,
    statuses: { 201: 'Made' },
  },
  'delete /services/{name}/freezes/{id}': {
    scope: 'deploy',
    body: reasonBody,
    summary: 'End a freeze that was made by the API',
    answers: text,
  },
  'post /services/{name}/relock': {
    scope: 'promote',
    body: reasonBody,
    query: waitQuery,
    summary: 'Look for the dependencies of the promoted release anew, and deploy it',
    answers: [...text, 'text/event-stream'],
    statuses: promotionStatuses,
  },
  'get /services/{name}/desired': {
    ...reading,
    query: desiredQuery,
    summary: 'What a node that boots installs: hashed requirements',
    answers: ['text/plain'],
  },
  'post /services/{name}/pin': {
    scope: 'promote',
    body: pinBody,
    query: waitQuery,
    summary: 'Promote a release to the channel of the service, and hold it there',
    answers: [...text, 'text/event-stream'],
    statuses: promotionStatuses,
  },
  'post /services/{name}/rollback': {
    scope: 'promote',
    body: rollbackBody,
    query: waitQuery,
    summary: 'Promote what the service ran well before, and hold it',
    answers: [...text, 'text/event-stream'],
    statuses: promotionStatuses,
  },
  'get /deploys/{id}': { ...reading, summary: 'A deploy', answers: text },
  'get /deploys/{id}/events': {
    ...reading,
    summary: 'A deploy, live (Last-Event-ID goes on from there)',
    answers: ['text/event-stream', 'text/plain'],
  },
  'get /deploys/{id}/output': { ...reading, summary: 'What the nodes printed', answers: ['text/plain'] },
  ...Object.fromEntries(
    Object.entries(controlSummaries).map(([control, summary]) => [
      `post /deploys/{id}/${control}`,
      { scope: 'deploy', body: reasonBody, summary, answers: text },
    ]),
  ),
  'post /deploys/{id}/approve': {
    scope: 'approve',
    body: reasonBody,
    summary: 'Let a deploy go on that needs it; neither who uploaded nor who promoted it may',
    answers: text,
  },
  'get /tokens': { scope: 'admin', summary: 'All tokens, never their secrets' },
  'post /tokens': {
    scope: 'admin',
    body: newTokenSchema,
    summary: 'Make a token; its text is shown once',
    statuses: { 201: 'Made' },
  },
  'delete /tokens/{id}': { scope: 'admin', summary: 'Revoke a token' },
  'get /healthz': { summary: 'Does the process answer?', answers: ['text/plain'] },
  'get /readyz': { summary: 'Can it serve? Names what is away' },
  'get /metrics': { ...reading, summary: 'For Prometheus', answers: ['text/plain'] },
}

/** `GET /openapi.json`: the API for programs, with the very schemas by which requests are checked. */
export function openApiRoutes(externalUrl: string): Router {
  const router = new Router({ strict: true })
  const document = openApi(externalUrl)
  router.get('/openapi.json', (context) => {
    context.body = document
  })
  return router
}

function openApi(externalUrl: string) {
  const paths: Record<string, Record<string, object>> = {}
  for (const [key, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = key.split(' ')
    paths[path] = { ...paths[path], [method]: operationOf(key, operation) }
  }
  const answers = Object.fromEntries(Object.entries(answerSchemas).map(([name, schema]) => [name, schemaOf(schema)]))
  return {
    openapi: '3.1.0',
    info: { title: 'Wheelhouse', version: '1' },
    servers: [{ url: externalUrl }],
    paths,
    components: {
      schemas: { Error: errorSchema(), ...answers },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  }
}

const json = ['application/json']
const done = { 200: 'Done' }

function operationOf(key: string, operation: Operation) {
  const { summary, scope, body, query, answers = json, statuses = done } = operation
  const path = key.split(' ')[1] ?? ''
  const told = Object.entries(statuses).map(([status, description]) => {
    const content = answers.map((type) => [type, json.includes(type) ? answerSchema(key, Number(status)) : {}])
    return [status, { description, content: Object.fromEntries(content) }]
  })
  const error = { 'application/json': { schema: reference('Error') } }
  return {
    summary,
    ...(scope === undefined ? {} : { description: `Needs the scope ${scope}.`, security: [{ token: [] }] }),
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body === undefined ? {} : { requestBody: { content: { 'application/json': { schema: schemaOf(body) } } } }),
    responses: {
      ...Object.fromEntries(told),
      default: { description: 'A sentence that says what is wrong', content: error },
    },
  }
}

/** What was refused is told as an error, and what came to no good by the same answer as what did. */
function answerSchema(key: string, status: number) {
  const name = answersOf[key]
  if (name === undefined) return {}
  return { schema: status < 400 ? reference(name) : { anyOf: [reference(name), reference('Error')] } }
}

function reference(name: string) {
  return { $ref: `#/components/schemas/${name}` }
}

function pathParameters(path: string) {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters(query: z.ZodObject | undefined) {
  return Object.entries(query?.shape ?? {}).map(([name, schema]) => ({ name, in: 'query', schema: schemaOf(schema) }))
}

function errorSchema() {
  const body = z.object({
    code: z.string(),
    error: z.enum(errorCodes),
    message: z.string(),
    details: z.looseObject({}),
  })
  return schemaOf(body)
}

/** What a client may send: a transformed field as it is before. */
function schemaOf(schema: z.core.$ZodType): object {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return rest
}
