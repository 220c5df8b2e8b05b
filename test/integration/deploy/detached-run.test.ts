import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../../src/clock.ts'
import { runDetached } from '../../../src/deploy/detached-run.ts'
import { HostConnection } from '../../../src/deploy/host-connection.ts'
import { killScript } from '../../../src/deploy/node/kill.ts'
import { resultIn } from '../../../src/deploy/node/result-line.ts'
import { type DetachedRun, runScript, secretInput } from '../../../src/deploy/node/run-script.ts'
import { parseKnownHosts } from '../../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../../src/deploy/ssh/ssh2-hosts.ts'
import { openGate } from '../../support/gate.ts'
import { type SshNode, startNode } from '../../support/sshd.ts'
import { until } from '../../support/until.ts'

describe('a run on a node that outlives its connection', () => {
  let node: SshNode
  let connection: HostConnection
  let runs = 0
  beforeAll(async () => {
    node = await startNode()
    const { host: address, port, user, clientKeyPath: keyPath } = node
    const target = { name: 'web1', address, port, user, keyPath, connectSeconds: 15 }
    connection = new HostConnection(
      ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)),
      target,
    )
  })
  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]()
    await node?.[Symbol.asyncDispose]()
  })

  const options = { clock: systemClock, patienceSeconds: 20 }
  function aRun(script: string, changes: Partial<DetachedRun> = {}): DetachedRun {
    return {
      root: node.root,
      attempt: `attempt-${++runs}`,
      owner: 'store/web',
      fence: 1,
      script,
      limitSeconds: 60,
      ...changes,
    }
  }
  const folderOf = (run: DetachedRun) => join(node.root, '.wheelhouse', 'runs', run.attempt)

  it('gives output and exit status', async () => {
    const outcome = await runDetached(connection, aRun(`echo "it's out"; echo err >&2; exit 3`), options)
    expect(outcome).toEqual({ kind: 'exited', code: 3, output: "it's out\nerr\n" })
  })

  it('is started once and followed to its end when every session is cut in the middle', async () => {
    const run = aRun(`echo start >>${node.root}/starts; echo one; sleep 1.5; echo two`)
    let output = ''
    const running = runDetached(connection, run, { ...options, onOutput: (text) => (output += text) })
    await until(() => output.includes('one'))
    expect(node.killSessions()).toBeGreaterThan(0)
    expect(await running).toEqual({ kind: 'exited', code: 0, output: 'one\ntwo\n' })
    expect(readFileSync(join(node.root, 'starts'), 'utf8')).toBe('start\n')
  })

  it('is followed to its end when its connection is black-holed: no end of it ever comes, and nothing else', async () => {
    await using gate = await openGate(node.port)
    const { host: address, user, clientKeyPath: keyPath } = node
    const target = { name: 'web1', address, port: Number(new URL(gate.url).port), user, keyPath, connectSeconds: 15 }
    const known = async () => parseKnownHosts(`[127.0.0.1]:* ${node.hostPublicKey}`)
    // Given up after three seconds without an answer, where others are after thirty.
    await using through = new HostConnection(ssh2Hosts(known, { keepaliveSeconds: 1 }), target)
    const run = aRun(`echo start >>${node.root}/black-holed; echo one; sleep 2; echo two`)
    let output = ''
    const running = runDetached(through, run, { ...options, onOutput: (text) => (output += text) })
    await until(() => output.includes('one'))
    gate.deafen(0)
    expect(await running).toEqual({ kind: 'exited', code: 0, output: 'one\ntwo\n' })
    expect(gate.connections()).toBeGreaterThan(1)
    expect(readFileSync(join(node.root, 'black-holed'), 'utf8')).toBe('start\n')
  })

  it('shows what comes without any end of line, and keeps head and tail of a flood of it', async () => {
    const run = aRun("for n in 1 2 3; do printf .; sleep 0.3; done; head -c 3000000 /dev/zero | tr '\\0' x; printf end")
    const seen: string[] = []
    const outcome = await runDetached(connection, run, { ...options, onOutput: (text) => seen.push(text) })
    expect(seen[0]).toMatch(/^\.+$/)
    expect(outcome).toMatchObject({
      kind: 'exited',
      code: 0,
      output: expect.stringMatching(/^\.\.\.x+\n\[\.\.\. \d+ .*xend$/s),
    })
  })

  it('is not started with half of its script where the disk is full, and starts once there is room', async () => {
    const marker = join(node.root, 'half')
    const run = aRun(`touch ${marker}\n${'# What follows is not written any more.\n'.repeat(100)}`)
    const host = await connection.open()
    // What a full disk looks like: no file may become larger than a block.
    const full = `trap '' XFSZ; ulimit -f 1; ${runScript(run, 0)}`
    expect(await host.run(full, { input: secretInput('') })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('could not be written on this node: is its disk full?'),
    })
    expect(existsSync(marker)).toBe(false)
    expect(await runDetached(connection, run, options)).toMatchObject({ kind: 'exited', code: 0 })
    expect(existsSync(marker)).toBe(true)
  })

  it('is told to have died where how it ended could not be written, and where the node was booted anew', async () => {
    const unwritable = aRun('mkdir "$(dirname "$WHEELHOUSE_SECRET")/exit.new"; echo done')
    expect(await runDetached(connection, unwritable, options)).toMatchObject({
      kind: 'died',
      output: expect.stringContaining('done'),
    })
    const run = aRun('echo begun; sleep 30')
    let output = ''
    const running = runDetached(connection, run, { ...options, onOutput: (text) => (output += text) })
    await until(() => output.includes('begun'))
    const file = join(folderOf(run), 'started', 'process')
    const leader = Number(readFileSync(file, 'utf8').split(' ')[0])
    // After a boot its number and start time may be those of another process, as of this one.
    const start = readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19]
    writeFileSync(file, `${process.pid} ${start} 00000000-0000-0000-0000-000000000000\n`)
    process.kill(leader, 'SIGKILL')
    expect(await running).toEqual({ kind: 'died', output: 'begun\n' })
  })

  it('is ended with all that it started when it is told to, and tells how', async () => {
    const run = aRun('echo begun; sh -c "sleep 600" & sleep 600; echo never')
    let output = ''
    const running = runDetached(connection, run, { ...options, onOutput: (text) => (output += text) })
    await until(() => output.includes('begun'))
    const host = await connection.open()
    const killing = killScript({ python: 'python3', root: node.root, attempt: run.attempt })
    expect(resultIn((await host.run(killing)).stdout, z.string())).toBe('it was ended')
    expect(await running).toMatchObject({ kind: 'exited', code: expect.toSatisfy((code) => code > 0) })
    expect(output).not.toContain('never')
    expect(resultIn((await host.run(killing)).stdout, z.string())).toBe('it had ended')
    const unknown = killScript({ python: 'python3', root: node.root, attempt: 'nobody' })
    expect(resultIn((await host.run(unknown)).stdout, z.string())).toBe('it had not begun')
  })

  it('reads on at the right byte after a cut, though what was printed is no UTF-8', async () => {
    const run = aRun(`printf '\\377\\377\\377one \\303'; sleep 1.5; printf '\\274 two\\n'`)
    let output = ''
    const running = runDetached(connection, run, { ...options, onOutput: (text) => (output += text) })
    await until(() => output.includes('one'))
    expect(node.killSessions()).toBeGreaterThan(0)
    expect(await running).toMatchObject({ kind: 'exited', output: '\uFFFD\uFFFD\uFFFDone \u00FC two\n' })
  })

  it('goes on while the node is off the network, and is found when it is back', async () => {
    const run = aRun('echo one; sleep 0.5; echo two')
    let output = ''
    const running = runDetached(connection, run, { ...options, onOutput: (text) => (output += text) })
    await until(() => output.includes('one'))
    await node.stop()
    await until(() => existsSync(join(folderOf(run), 'exit')))
    await node.start()
    expect(await running).toMatchObject({ kind: 'exited', code: 0, output: 'one\ntwo\n' })
  })

  it('is one run however many ask for it at once, and asking again later tells the same end', async () => {
    const run = aRun(`echo start >>${node.root}/many; sleep 0.3; exit 4`)
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => runDetached(connection, run, options)))
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome)))).toEqual(
      new Set(['{"kind":"exited","code":4,"output":""}']),
    )
    expect(await runDetached(connection, run, options)).toMatchObject({ kind: 'exited', code: 4 })
    expect(readFileSync(join(node.root, 'many'), 'utf8')).toBe('start\n')
  })

  it('is refused when a worker with a higher fence was there', async () => {
    expect(await runDetached(connection, aRun('true', { fence: 7 }), options)).toMatchObject({ kind: 'exited' })
    const old = aRun(`touch ${node.root}/from-the-old-worker`, { fence: 6 })
    expect(await runDetached(connection, old, options)).toEqual({
      kind: 'refused',
      reason: 'fenced',
      message: expect.stringMatching(
        /^a newer worker \(7\) has taken over from 6\. If there is none, .* remove \/.*\.wheelhouse\/store\/web\/fence on this node/,
      ),
    })
    expect(existsSync(join(node.root, 'from-the-old-worker'))).toBe(false)
    expect(await runDetached(connection, aRun('true', { fence: 7 }), options)).toMatchObject({
      kind: 'exited',
      code: 0,
    })
  })

  it('is not held up by what another store, or another service, did here: fences are theirs', async () => {
    expect(await runDetached(connection, aRun('true', { fence: 9 }), options)).toMatchObject({ kind: 'exited' })
    for (const owner of ['fresh/web', 'store/jobs']) {
      expect(await runDetached(connection, aRun('echo ran', { owner, fence: 1 }), options)).toEqual({
        kind: 'exited',
        code: 0,
        output: 'ran\n',
      })
    }
  })

  it('is told to have died when it was killed, not taken for running or done', async () => {
    const run = aRun('echo going; sleep 30', { fence: 10 })
    let output = ''
    const running = runDetached(connection, run, { ...options, onOutput: (text) => (output += text) })
    await until(() => output.includes('going'))
    const [pid = ''] = readFileSync(join(folderOf(run), 'started', 'process'), 'utf8').split(' ')
    process.kill(-Number(pid), 'SIGKILL')
    expect(await running).toEqual({ kind: 'died', output: 'going\n' })
  })

  it('ends at its limit', async () => {
    expect(await runDetached(connection, aRun('sleep 30', { limitSeconds: 1, fence: 10 }), options)).toMatchObject({
      kind: 'exited',
      code: 124,
    })
  })

  it('gets its secret in a file that only its user may read, which is gone afterwards', async () => {
    const run = aRun(
      'stat -c %a "$WHEELHOUSE_SECRET"; cat "$WHEELHOUSE_SECRET"; ps -ef | grep -c "hush[-]hush" || true',
      { fence: 10 },
    )
    const outcome = await runDetached(connection, run, { ...options, secret: 'hush-hush\n' })
    expect(outcome).toMatchObject({ kind: 'exited', output: '600\nhush-hush\n0\n' })
    expect(existsSync(join(folderOf(run), 'secret'))).toBe(false)
  })

  it('shows nothing of its secret, whatever it prints and whenever', async () => {
    const run = aRun('printf "it is hush-"; sleep 0.6; echo hush; cat "$WHEELHOUSE_SECRET"', { fence: 10 })
    const hidden = [{ login: 'node', password: 'hush-hush' }]
    const outcome = await runDetached(connection, run, { ...options, secret: 'password hush-hush\n', hidden })
    expect(outcome).toMatchObject({ kind: 'exited', output: 'it is [secret]\npassword [secret]\n' })
  })

  it('is not started by a connection that was cut before the secret was whole, and starts by the next', async () => {
    const run = aRun('cat "$WHEELHOUSE_SECRET"', { fence: 10 })
    const host = await connection.open()
    for (const input of ['', 'hush-']) expect((await host.run(runScript(run, 0), { input })).code).toBe(77)
    expect(existsSync(join(folderOf(run), 'started'))).toBe(false)
    expect(await runDetached(connection, run, { ...options, secret: 'hush-hush\n' })).toMatchObject({
      kind: 'exited',
      output: 'hush-hush\n',
    })
  })

  it('leaves the lock free for the next, though a service that it started lives on', async () => {
    const first = aRun('setsid sleep 20 </dev/null >/dev/null 2>&1 & echo started', { fence: 10 })
    expect(await runDetached(connection, first, options)).toMatchObject({ kind: 'exited', code: 0 })
    expect(await runDetached(connection, aRun('echo free', { fence: 10 }), options)).toMatchObject({ output: 'free\n' })
  })

  it('gives up on a node that stays away, and says what is not known', async () => {
    const run = aRun('sleep 2', { fence: 10 })
    await node.stop()
    await expect(runDetached(connection, run, { ...options, patienceSeconds: 0.5 })).rejects.toMatchObject({
      code: expect.stringMatching(/outcome-unknown|host-unreachable/),
    })
    await node.start()
  })
})
