import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { createConnection, createServer } from 'node:net'

/**
 * A loopback port that nobody listens on, and that no other call gives while this process lives, not even in another process.
 * Taken from below the kernel's ephemeral range (32768 and up), so that no outgoing connection can occupy it while a test has
 * its server stopped.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 32_000)
    if ((await claim(port)) && (await canListen(port))) return port
  }
}

/** Runs `start` with a free port, and once more with another one where somebody else was quicker to take it. */
export async function withFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  try {
    return await start(await freePort())
  } catch (error) {
    if (!(error instanceof Error) || !/address already in use/i.test(error.message)) throw error
    return await start(await freePort())
  }
}

/** Whether somebody accepts connections on the loopback port. */
export async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** The UDP port of the same number, which nothing here speaks, says until the end of this process that it is given away. */
async function claim(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createSocket('udp4').unref()
    socket.once('error', () => socket.close(() => resolve(false)))
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true))
  })
}

async function canListen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
