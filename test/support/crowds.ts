import { Agent, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { RunningWheelhouse } from './wheelhouse.ts'

/** Senders that begin an upload and go on byte by byte, so that they are never done. Disposing hangs up. */
export async function slowSenders(
  server: RunningWheelhouse,
  count: number,
): Promise<AsyncDisposable & { readonly open: () => number }> {
  const sockets = await Promise.all(Array.from({ length: count }, () => slowSender(server)))
  const timer = setInterval(() => {
    for (const socket of sockets) if (socket.writable) socket.write('x')
  }, 500)
  return {
    open: () => sockets.filter((socket) => !socket.destroyed).length,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function slowSender({ port, token }: RunningWheelhouse): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  socket.on('end', () => socket.destroy()).resume()
  const head = [
    'POST /legacy/ HTTP/1.1',
    'Host: test',
    `Authorization: Bearer ${token}`,
    'Content-Type: multipart/form-data; boundary=b',
    'Content-Length: 1000000',
    '',
    '--b',
    'Content-Disposition: form-data; name="content"; filename="slow-1.0-py3-none-any.whl"',
    'Content-Type: application/octet-stream',
    '',
    'x',
  ]
  socket.write(head.join('\r\n'))
  return socket
}

/** So many connections at once that stay open; each asks twice. Answers with how many of each status came. */
export async function manyConnections(
  server: RunningWheelhouse,
  count: number,
): Promise<Readonly<Record<string, number>>> {
  const statuses: Record<string, number> = {}
  const agents = Array.from({ length: count }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
  const ask = async (agent: Agent) => {
    const status = await new Promise<string>((resolve) => {
      const headers = { authorization: `Bearer ${server.token}` }
      get(`${server.url}/simple/app/`, { agent, headers }, (answer) => {
        answer.resume().once('end', () => resolve(String(answer.statusCode)))
      }).once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    })
    statuses[status] = (statuses[status] ?? 0) + 1
  }
  try {
    await Promise.all(agents.map(ask))
    await Promise.all(agents.map(ask))
  } finally {
    for (const agent of agents) agent.destroy()
  }
  return statuses
}
