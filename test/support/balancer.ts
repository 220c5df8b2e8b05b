import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toolPaths } from './tools.ts'
import { until } from './until.ts'

export interface Balancer extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string
  /** `POST <control>/drain/<name>` answers when the backend has no request in hand, `undrain` at once. */
  readonly control: string
  add(name: string, url: string): void
  /** Names of the backends that are out. */
  drained(): readonly string[]
}

interface Backend {
  readonly name: string
  readonly url: string
  inService: boolean
  inHand: number
}

/** A round-robin HTTP balancer that tries nothing twice and looks after no backend: it knows what it is told. */
export async function startBalancer(): Promise<Balancer> {
  const backends: Backend[] = []
  let turn = 0
  const pass = (asked: IncomingMessage, answer: ServerResponse) => {
    const ready = backends.filter(({ inService }) => inService)
    const backend = ready[turn++ % Math.max(1, ready.length)]
    if (backend === undefined) {
      answer.writeHead(503).end()
      return
    }
    backend.inHand += 1
    forward(backend.url, asked, answer, () => {
      backend.inHand -= 1
    })
  }
  const change = async (path: string, answer: ServerResponse) => {
    const [, what, name] = path.split('/')
    const backend = backends.find((one) => one.name === name)
    if (backend === undefined) {
      answer.writeHead(404).end()
      return
    }
    backend.inService = what === 'undrain'
    await until(() => backend.inService || backend.inHand === 0)
    answer.end()
  }
  const proxy = await listening(pass)
  const control = await listening((asked, answer) => void change(asked.url ?? '', answer))
  return {
    url: proxy.url,
    control: control.url,
    add: (name, url) => void backends.push({ name, url, inService: true, inHand: 0 }),
    drained: () => backends.filter(({ inService }) => !inService).map(({ name }) => name),
    async [Symbol.asyncDispose]() {
      await proxy.close()
      await control.close()
    },
  }
}

function forward(url: string, asked: IncomingMessage, answer: ServerResponse, done: () => void): void {
  const asking = request(`${url}${asked.url}`, { method: asked.method, agent: false }, (got) => {
    answer.writeHead(got.statusCode ?? 502)
    got.pipe(answer)
    got.on('error', () => answer.destroy())
  })
  asking.on('close', done)
  asking.on('error', () => {
    if (answer.headersSent) answer.destroy()
    else answer.writeHead(502).end()
  })
  asking.end()
}

async function listening(handle: (asked: IncomingMessage, answer: ServerResponse) => void) {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The drain and undrain of a service that tell it, on the node and on the machine of the worker. */
export function balancing({ control }: Pick<Balancer, 'control'>) {
  const call = (what: string) =>
    `import os, urllib.request as r; r.urlopen(r.Request("${control}/${what}/" + os.environ["WHEELHOUSE_NODE"], method="POST"))`
  return {
    drain: { command: ['python3', '-c', call('drain')] },
    undrain: { command: [toolPaths().python, '-c', call('undrain')], on: 'worker' },
  }
}
