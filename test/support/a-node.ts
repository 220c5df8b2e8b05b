import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../src/clock.ts'
import type { ActContext } from '../../src/deploy/acts/act-context.ts'
import { activate } from '../../src/deploy/acts/activate.ts'
import { probe } from '../../src/deploy/acts/probe.ts'
import { verify } from '../../src/deploy/acts/verify.ts'
import { planNode } from '../../src/deploy/fleet.ts'
import { nodeSessions } from '../../src/deploy/node-sessions.ts'
import type { RemoteHosts } from '../../src/deploy/remote-host.ts'
import { type ServiceDefinition, serviceSchema } from '../../src/deploy/service-definition.ts'
import { documentsOn } from '../../src/objects/documents.ts'
import { MemoryStore } from '../../src/objects/memory-store.ts'
import { freePort } from './free-port.ts'
import { localHosts } from './local-hosts.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { toolPaths } from './tools.ts'
import { until } from './until.ts'

/** Answers with what a file holds when it starts, or, where that ends with "!", at every request. */
const serviceSource = `
const { readFileSync } = require('node:fs')
const [file, port] = process.argv.slice(1)
const started = readFileSync(file, 'utf8')
const told = () => started.endsWith('!') ? readFileSync(file, 'utf8').replace('!', '') : started
require('node:http').createServer((_, answer) => answer.end(JSON.stringify({ version: told(), pid: process.pid }))).listen(Number(port), '127.0.0.1')
`

/** This machine as a node with a service, for what looks and switches there, without SSH. */
export async function aNode(
  settings: object = {},
  restart: object = { command: ['true'] },
  rollout: object = {},
  more: object = {},
) {
  const folder = await temporaryFolder('node')
  const root = folder.path
  const url = `http://127.0.0.1:${await freePort()}/version`
  let { python } = toolPaths()
  const definition = serviceSchema.parse({
    project: 'app',
    subscribe: { promote: 'production' },
    fleet: { nodes: ['web1'] },
    ssh: { user: 'deploy', key: '/nowhere', port: 22, connect_seconds: 5 },
    root,
    python,
    restart,
    rollout,
    verify: { url, probes: 2, interval_seconds: 0.05, timeout_seconds: 2, ...settings },
    ...more,
  })
  const node = planNode({ name: 'web1' }, definition)
  let [before, service]: [string, ChildProcess | undefined] = ['', undefined]
  const context = contextOn(localHosts(), definition, () => before)

  async function stop(): Promise<void> {
    const ending = service
    service = undefined
    if (ending?.kill('SIGKILL')) await new Promise((resolve) => ending.once('exit', resolve))
  }

  return {
    root,
    url,
    /** Whatever asks for the node's python from now on gets this script. */
    throughPython(script: string): void {
      writeFileSync(join(root, 'python'), script, { mode: 0o755 })
      python = join(root, 'python')
    },
    /** A line of shell before every script. */
    prepend(line: string): void {
      before = line
    },
    /** What the service answers from now on if it reads it each time, or else after a restart. */
    tell: (text: string) => writeFile(join(root, 'told'), text),
    async stage(release: string, version: string): Promise<void> {
      await mkdir(join(root, 'releases', release), { recursive: true })
      await writeFile(join(root, 'releases', release, 'wheelhouse.json'), JSON.stringify({ version }))
    },
    async restart(): Promise<number> {
      await stop()
      service = spawn(process.execPath, ['-e', serviceSource, join(root, 'told'), new URL(url).port], {
        stdio: 'ignore',
      })
      await until(async () => (await fetch(url).catch(() => undefined)) !== undefined)
      return service.pid ?? 0
    },
    stop,
    node,
    context,
    activate: (attempt: string, release: string) =>
      activate(
        context,
        node,
        { release, before: undefined },
        { attempt, kind: 'activate' },
        AbortSignal.timeout(60_000),
      ),
    probe: () => probe(context, node, AbortSignal.timeout(60_000)),
    verify: (activation: string, version: string, again = false) =>
      verify(context, { ...node, python }, { activation, version, again }, AbortSignal.timeout(60_000)),
    /** The same without a question to the service: by its main process, as its restart names it. */
    verifyByProcess: (activation: string, version: string) => {
      const silent = planNode({ name: 'web1' }, { ...definition, verify: { ...definition.verify, url: undefined } })
      return verify(context, silent, { activation, version, again: false }, AbortSignal.timeout(60_000))
    },
    async [Symbol.asyncDispose]() {
      await stop()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function contextOn(hosts: RemoteHosts, definition: ServiceDefinition, before: () => string): ActContext {
  const request = {
    ...{ deploy: 'web.production.1', service: 'web', project: 'app', version: '1.1', channel: 'production', serial: 1 },
    ...{ files: [], by: 'ci', at: '2026-01-01T00:00:00Z', definition },
  }
  const prefixed: RemoteHosts = {
    async connect(target, options) {
      const host = await hosts.connect(target, options)
      return { ...host, run: (script, options) => host.run(`${before()}\n${script}`, options) }
    },
  }
  const documents = documentsOn(new MemoryStore())
  const externalUrl = 'http://127.0.0.1'
  const credentials = {
    issue: async () => ({ login: 'node', password: 'a-password-of-the-node' }),
    revoke: async () => undefined,
  }
  const report = (error: unknown) => {
    throw error
  }
  const unused = async () => {
    throw new Error('Nothing here asks for this.')
  }
  return {
    ...{ request, documents, externalUrl, clock: systemClock, projects: { find: unused } },
    ...{ discovery: { nodes: unused }, node: unused, commands: { run: unused } },
    ...nodeSessions(
      { documents, hosts: prefixed, credentials, clock: systemClock, externalUrl, storeId: 'store', report },
      request,
      1,
    ),
  }
}
