import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { withFreePort } from './free-port.ts'

/** A way to a server that can be closed, or held up, while the server itself goes on. */
export interface Gate extends AsyncDisposable {
  readonly url: string
  /** Connections are refused, open ones cut. */
  close(): Promise<void>
  open(): Promise<void>
  /** Connections are accepted, and nothing comes through until `release`. */
  hold(): void
  release(): void
  /** Open connections stay so, but for the first ones, and nothing comes through them ever again. */
  deafen(butFor: number): void
  /** Connections that were made so far. */
  readonly connections: () => number
}

export async function openGate(toPort: number): Promise<Gate> {
  const sockets = new Set<Socket>()
  const ways: (readonly [Socket, Socket])[] = []
  let [held, connections] = [false, 0]
  const pass = (socket: Socket) => {
    connections += 1
    const inner = createConnection(toPort, '127.0.0.1')
    ways.push([socket, inner])
    for (const [one, other] of [
      [socket, inner],
      [inner, socket],
    ] as const) {
      sockets.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
    inner.pipe(socket)
    if (held) socket.pause()
    else socket.pipe(inner)
    socket.on('gate-released', () => socket.pipe(inner))
  }
  let running = await withFreePort(async (port) => ({ port, server: await listen(port, pass) }))
  const { port } = running
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    if (running.server.listening) await new Promise((resolve) => running.server.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${port}`,
    close,
    open: async () => {
      running = { port, server: await listen(port, pass) }
    },
    hold: () => {
      held = true
    },
    release: () => {
      held = false
      for (const socket of sockets) socket.emit('gate-released')
    },
    deafen: (butFor) => {
      for (const one of ways.slice(butFor).flat()) one.unpipe().pause()
    },
    connections: () => connections,
    [Symbol.asyncDispose]: close,
  }
}

async function listen(port: number, pass: (socket: Socket) => void): Promise<Server> {
  const server = createServer(pass)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}
