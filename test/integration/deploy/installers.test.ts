import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { runDetached } from '../../../src/deploy/detached-run.ts'
import { HostConnection } from '../../../src/deploy/host-connection.ts'
import type { Installer } from '../../../src/deploy/node/find-uv.ts'
import { stageScript } from '../../../src/deploy/node/stage.ts'
import { parseKnownHosts } from '../../../src/deploy/ssh/known-hosts.ts'
import { ssh2Hosts } from '../../../src/deploy/ssh/ssh2-hosts.ts'
import { type PackageIndex, startPackageIndex } from '../../support/package-index.ts'
import { type SshNode, startNode } from '../../support/sshd.ts'
import { toolPaths, useTool } from '../../support/tools.ts'
import { aWheel } from '../../support/wheels.ts'

const app = aWheel({ name: 'app', version: '1.0' })
/** Takes a while to install, and one of its files does not fit on a small disk. */
const large = aWheel({
  name: 'app',
  version: '2.0',
  files: {
    'app/__init__.py': '',
    'app/data.bin': Buffer.alloc(1_000_000, 'data'),
    ...Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`app/part${n}.py`, `part = ${n}\n`])),
  },
})
/** uv as an index has it, but for its size: the program in it is the one that the tests are run with. */
const uvWheel = () =>
  aWheel({
    name: 'uv',
    version: '99.0',
    files: { 'uv-99.0.data/scripts/uv': `#!/bin/sh\nexec ${useTool('uv')[0]} "$@"\n` },
  })

/** Once the first of its files is there. */
const killsPip = `( root=\${WHEELHOUSE_SECRET%/.wheelhouse/*}
  until [ -d "$(echo "$root"/releases/1.0-lock/lib/*/site-packages/app)" ]; do sleep 0.01; done
  pkill -9 -f "$root/releases/1.0-lock/bin/python .*__pip-runner__" ) &`

describe('what installs a release on a node', () => {
  let index: PackageIndex
  let withUv: SshNode
  let without: SshNode
  const connections: HostConnection[] = []
  beforeAll(async () => {
    index = await startPackageIndex([app, large])
    // Where nothing of this machine is in the way: its own uv may be on the PATH.
    withUv = await startNode({ uv: true })
    without = await startNode()
  })
  afterAll(async () => {
    for (const connection of connections) await connection[Symbol.asyncDispose]()
    await withUv?.[Symbol.asyncDispose]()
    await without?.[Symbol.asyncDispose]()
    await index?.[Symbol.asyncDispose]()
  })

  interface Settings {
    readonly sha256?: string
    readonly before?: string
    readonly wheel?: typeof app
    /** Of the service; one of its own when left out. */
    readonly root?: string
    readonly python?: string
  }

  async function stage(node: SshNode, installer: Installer, settings: Settings = {}) {
    const { wheel = app } = settings
    const { host: address, port, user, clientKeyPath: keyPath } = node
    const target = { name: 'web1', address, port, user, keyPath, connectSeconds: 15 }
    const connection = new HostConnection(
      ssh2Hosts(async () => parseKnownHosts(node.knownHostsLine)),
      target,
    )
    connections.push(connection)
    const root = settings.root ?? join(node.root, `app-${connections.length}`)
    const url = `${index.url.replace('/simple/', '/files/')}${wheel.filename}`
    const script = stageScript({
      ...{
        python: settings.python ?? toolPaths().python,
        root,
        release: '1.0-lock',
        keepReleases: 2,
        stable: undefined,
        installer,
      },
      requirements: `app @ ${url} --hash=sha256:${settings.sha256 ?? wheel.sha256}\n`,
      indexes: [index.url],
      manifest: { project: 'app', version: '1.0', lock: 'lock' },
    })
    const job = { root, attempt: `stage-${connections.length}`, owner: 'store/web', fence: 1, limitSeconds: 60 }
    const outcome = await runDetached(
      connection,
      { ...job, script: `${settings.before ?? ''}\n${script}` },
      { clock: systemClock, patienceSeconds: 20 },
    )
    const [code, output] = outcome.kind === 'exited' ? [outcome.code, outcome.output] : [outcome.kind, '']
    return { code, output, root, release: join(root, 'releases', '1.0-lock') }
  }

  const installed = (release: string) => {
    const lib = join(release, 'lib')
    const site = join(lib, readdirSync(lib)[0] ?? '', 'site-packages')
    return { file: join(site, 'app', '__init__.py'), compiled: existsSync(join(site, 'app', '__pycache__')) }
  }

  it('is uv where the node has it: compiled, complete, and sharing no file with its cache', async () => {
    const { code, output, release } = await stage(withUv, 'auto')
    expect([code, output]).toEqual([0, expect.stringMatching(/Installing with uv \d/)])
    const { file, compiled } = installed(release)
    expect(readFileSync(file, 'utf8')).toContain('1.0')
    expect(compiled).toBe(true)
    expect(statSync(file).nlink).toBe(1)
    expect(existsSync(join(release, 'wheelhouse.json'))).toBe(true)
    // uv made the environment, and backups do not take it for a cache.
    expect(readFileSync(join(release, 'pyvenv.cfg'), 'utf8')).toMatch(/^uv = /m)
    expect(existsSync(join(release, 'CACHEDIR.TAG'))).toBe(false)
  })

  it('is uv also where that makes no environments', async () => {
    const real = useTool('uv')[0]
    const half = `mkdir -p "$HOME/half"; printf '#!/bin/sh\n[ "$1" != venv ] || { mkdir -p "$(for last; do :; done; echo "$last")/bin"; exit 2; }\nexec ${real} "$@"\n' >"$HOME/half/uv"; chmod +x "$HOME/half/uv"; PATH=$HOME/half:$PATH`
    const { code, output, release } = await stage(withUv, 'uv', { before: half })
    expect([code, output]).toEqual([0, expect.stringMatching(/Installing with uv \d/)])
    expect(readFileSync(join(release, 'pyvenv.cfg'), 'utf8')).not.toMatch(/^uv = /m)
    expect(existsSync(installed(release).file)).toBe(true)
  })

  it('takes no other interpreter where the one that is asked for is not there', async () => {
    const { code, output, release } = await stage(withUv, 'uv', { python: 'python-of-nobody' })
    expect([code, output]).toEqual([127, expect.stringContaining('python-of-nobody')])
    expect(existsSync(release)).toBe(false)
  })

  it('is pip where it has none that is able, and where that is asked for', async () => {
    // Debian's interpreter lets nobody install into it (PEP 668): environments of our own need no leave of it.
    const unable =
      'mkdir -p "$HOME/unable"; printf "#!/bin/sh\\nexit 2\\n" >"$HOME/unable/uv"; chmod +x "$HOME/unable/uv"; PATH=$HOME/unable:$PATH'
    for (const { code, output, release } of [
      await stage(without, 'auto', { before: unable }),
      await stage(withUv, 'pip'),
    ]) {
      expect([code, output]).toEqual([0, expect.stringMatching(/Installing with pip \d/)])
      expect(existsSync(installed(release).file)).toBe(true)
    }
  })

  it('takes other bytes than the locked ones from neither', async () => {
    for (const installer of ['uv', 'pip'] as const) {
      const { code, output, release } = await stage(withUv, installer, { sha256: 'f'.repeat(64) })
      expect(code).not.toBe(0)
      expect(output).toMatch(/hash/i)
      expect(existsSync(join(release, 'wheelhouse.json'))).toBe(false)
    }
  })

  it.each([
    ['whose pip is killed in the middle', killsPip, 137, /Killed/],
    ['whose disk is full', "trap '' XFSZ; ulimit -f 200", 1, /File too large/],
  ])('leaves no release on a node %s, and is done anew by the next attempt', async (_what, before, status, said) => {
    const failed = await stage(withUv, 'pip', { before, wheel: large })
    expect([failed.code, failed.output]).toEqual([status, expect.stringMatching(said)])
    expect(existsSync(join(failed.release, 'wheelhouse.json'))).toBe(false)
    const { root } = failed
    const next = await stage(withUv, 'auto', { wheel: large, root })
    expect([next.code, next.release], next.output).toEqual([0, failed.release])
    expect(existsSync(join(failed.release, 'wheelhouse.json'))).toBe(true)
    expect(existsSync(installed(failed.release).file)).toBe(true)
  })

  it('is fetched once from the indexes where uv is asked for, or else told to be missing', async () => {
    const hidden = 'PATH=/usr/bin:/bin'
    const missing = await stage(without, 'uv', { before: hidden })
    expect([missing.code, missing.output]).toEqual([3, expect.stringContaining('choose «installer: auto»')])
    index.add(uvWheel())
    const { code, output } = await stage(without, 'uv', { before: hidden })
    expect([code, output]).toEqual([
      0,
      expect.stringMatching(/getting it from the indexes of the service\.\nInstalling with uv \d/),
    ])
  })
})
