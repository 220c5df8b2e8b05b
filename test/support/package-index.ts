import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { withFreePort } from './free-port.ts'
import type { BuiltArchive } from './wheels.ts'

export interface PackageIndex extends AsyncDisposable {
  /** For `--index-url`: ends with `/simple/`. */
  readonly url: string
  readonly host: string
  /** `GET /simple/greeting/`, in the order they came. */
  readonly requests: readonly string[]
  add(archive: BuiltArchive): void
  /** Refuses connections, as a machine that is down; open ones are cut. */
  closeToClients(): Promise<void>
  openToClients(): Promise<void>
}

/** A second index beside ours, for public dependencies: static pages as in PEP 503, files with their hashes. */
export async function startPackageIndex(archives: readonly BuiltArchive[] = []): Promise<PackageIndex> {
  const shelf = new Map(archives.map((archive) => [archive.filename, archive]))
  const requests: string[] = []
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`)
    respond(shelf, request.url ?? '/', response)
  }
  let running = await withFreePort(async (port) => ({ port, server: await listen(port, answer) }))
  const { port } = running
  return {
    url: `http://127.0.0.1:${port}/simple/`,
    host: `127.0.0.1:${port}`,
    requests,
    add: (archive) => void shelf.set(archive.filename, archive),
    closeToClients: () => close(running.server),
    openToClients: async () => {
      running = { port, server: await listen(port, answer) }
    },
    [Symbol.asyncDispose]: () => close(running.server),
  }
}

function respond(shelf: ReadonlyMap<string, BuiltArchive>, url: string, response: ServerResponse): void {
  const file = shelf.get(url.replace(/^\/files\//, ''))
  const project = /^\/simple\/([^/]+)\/$/.exec(url)?.[1]
  const own = [...shelf.values()].filter((archive) => projectOf(archive.filename) === project)
  if (file) response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(file.bytes)
  else if (url === '/simple/')
    sendPage(
      response,
      [...shelf.keys()].map(projectOf).map((name) => link(`${name}/`, name)),
    )
  else if (own.length > 0)
    sendPage(
      response,
      own.map((one) => link(`/files/${one.filename}#sha256=${one.sha256}`, one.filename)),
    )
  else response.writeHead(404, 'Not on this index').end()
}

function sendPage(response: ServerResponse, links: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' })
  response.end(`<!DOCTYPE html>\n<html><body>\n${links.join('\n')}\n</body></html>\n`)
}

function link(href: string, text: string): string {
  return `<a href="${href}">${text}</a>`
}

/** PEP 503 on the name part of a wheel's or sdist's filename. */
function projectOf(filename: string): string {
  const [name = ''] = filename.split('-')
  return name.replace(/[-_.]+/g, '-').toLowerCase()
}

async function listen(
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(answer)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
