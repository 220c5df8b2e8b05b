import { createConnection } from 'node:net'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quote } from '../../src/deploy/node/shell.ts'
import type { HostTarget, RemoteHost, RemoteHosts } from '../../src/deploy/remote-host.ts'
import { allOf } from '../support/all-of.ts'

export interface HostsUnderTest extends AsyncDisposable {
  readonly hosts: RemoteHosts
  readonly target: HostTarget
}

async function said(port: number, what: string): Promise<string> {
  const socket = createConnection({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.end(what)
  return await allOf(socket)
}

/** What every adapter of the `RemoteHosts` port keeps. */
export function remoteHostContract(name: string, open: () => Promise<HostsUnderTest>): void {
  describe(`remote host contract: ${name}`, () => {
    let opened: HostsUnderTest
    let host: RemoteHost
    beforeAll(async () => {
      opened = await open()
      host = await opened.hosts.connect(opened.target)
    })
    afterAll(async () => {
      await host?.[Symbol.asyncDispose]()
      await opened?.[Symbol.asyncDispose]()
    })

    it('tells the exit status, and output and errors apart', async () => {
      const result = await host.run('echo out; echo err >&2; exit 7')
      expect(result).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\n' })
    })

    it('tells the signal that ended a script', async () => {
      expect((await host.run('kill -KILL $$')).code).toBe(137)
    })

    it('gives the input to the script, whatever is in it', async () => {
      const input = `line 1\n'"$HOME\` \\ ü\n`
      expect((await host.run('cat', { input })).stdout).toBe(input)
      expect((await host.run('wc -c')).stdout.trim()).toBe('0')
    })

    it('gives input to the script as it comes, while its output comes back', async () => {
      const input = new PassThrough()
      let heard = ''
      const running = host.run('while read -r line; do echo "heard $line"; done; exit 3', {
        input,
        onOutput: (bytes) => {
          heard += bytes
          if (heard.endsWith('heard first\n')) input.write('second\n')
          if (heard.endsWith('heard second\n')) input.end()
        },
      })
      input.write('first\n')
      expect(await running).toEqual({ code: 3, stdout: 'heard first\nheard second\n', stderr: '' })
    })

    it('takes hostile words as words', async () => {
      for (const word of [`it's`, '$(touch /tmp/x)', '`id`', 'a b', '', '-n', '*', ';', '\\', 'ü\n2']) {
        expect((await host.run(`printf %s ${quote(word)}`)).stdout).toBe(word)
      }
    })

    it('does not stall on much output on both streams, and keeps head and tail', async () => {
      const script =
        'i=0; while [ $i -lt 60000 ]; do echo "out line number $i is not short"; echo "err line number $i" >&2; i=$((i+1)); done'
      const { code, stdout, stderr } = await host.run(script)
      expect(code).toBe(0)
      expect(stdout).toMatch(/^out line number 0 /)
      expect(stdout).toMatch(/out line number 59999 is not short\n$/)
      expect(stderr).toMatch(/err line number 59999\n$/)
    })

    it('reads errors to their end where nothing else comes, and no line ever ends', async () => {
      const { code, stdout, stderr } = await host.run("head -c 5000000 /dev/zero | tr '\\0' e >&2; exit 3")
      expect([code, stdout]).toEqual([3, ''])
      expect(stderr).toMatch(/^eeeee/)
      expect(stderr).toMatch(/eeeee$/)
    })

    it('shows output while it comes', async () => {
      let seen = ''
      const result = await host.run('echo first; sleep 0.3; echo second', {
        onOutput: (bytes) => (seen += `<${bytes}>`),
      })
      expect(seen).toMatch(/^<first\n><second\n>$/)
      expect(result.stdout).toBe('first\nsecond\n')
    })

    it('shows output byte for byte, whether it is text or not', async () => {
      const seen: Buffer[] = []
      await host.run("printf 'a\\377\\303\\n'", { onOutput: (bytes) => seen.push(bytes) })
      expect(Buffer.concat(seen)).toEqual(Buffer.from([0x61, 0xff, 0xc3, 0x0a]))
    })

    it('runs several scripts at once', async () => {
      const results = await Promise.all([1, 2, 3, 4].map((n) => host.run(`sleep 0.1; echo ${n}`)))
      expect(results.map((result) => result.stdout)).toEqual(['1\n', '2\n', '3\n', '4\n'])
    })

    it('does not know the outcome of what takes too long or is given up', async () => {
      await expect(host.run('sleep 20', { timeoutSeconds: 0.3 })).rejects.toMatchObject({ code: 'outcome-unknown' })
      const stop = new AbortController()
      const given = host.run('sleep 20', { signal: stop.signal })
      setTimeout(() => stop.abort(), 100)
      await expect(given).rejects.toMatchObject({ code: 'outcome-unknown' })
      expect((await host.run('echo still here')).stdout).toBe('still here\n')
    })

    it('takes what connects to a port there, byte for byte and half by half, until the port is given back', async () => {
      const port = await host.listen(0, (connection) => {
        void allOf(connection).then((said) => connection.end(said.toUpperCase()))
      })
      await using other = await host.listen(0, (connection) => void connection.end('other'))
      const long = 'ü and more '.repeat(300_000)
      expect((await said(port.port, long)) === long.toUpperCase()).toBe(true)
      expect(await said(other.port, '')).toBe('other')
      await expect(host.listen(port.port, () => undefined)).rejects.toMatchObject({ code: 'forwarding-refused' })
      const given = port.port
      await port[Symbol.asyncDispose]()
      await expect(said(given, '')).rejects.toThrow('ECONNREFUSED')
      await using again = await host.listen(given, (connection) => void connection.end('again'))
      expect([again.port, await said(again.port, '')]).toEqual([given, 'again'])
    })
  })
}
