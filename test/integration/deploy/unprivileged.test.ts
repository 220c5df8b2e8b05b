import { chmod, chown, lstat, mkdir, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/clock.ts'
import { runDetached } from '../../../src/deploy/detached-run.ts'
import { HostConnection } from '../../../src/deploy/host-connection.ts'
import { activateScript, linkTo } from '../../../src/deploy/node/activate.ts'
import { downloadScript } from '../../../src/deploy/node/in-place/download.ts'
import { stageScript } from '../../../src/deploy/node/stage.ts'
import { localHosts } from '../../support/local-hosts.ts'
import { runOk } from '../../support/run.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.ts'
import { toolPaths } from '../../support/tools.ts'
import { aWheel } from '../../support/wheels.ts'

const app = aWheel({ name: 'app', version: '1.0' })
const nobody = 65534
const asRoot = process.getuid?.() === 0
/** Who runs these tests may be root, who may write anywhere: then somebody else deploys. Others are no root as they are. */
const unprivileged = asRoot
  ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--inh-caps=-all', '--no-new-privs']
  : []

describe('a user who is not root, and owns no more than is given to him', () => {
  let folder: TemporaryFolder
  let connection: HostConnection
  let user = ''
  let services = 0
  beforeAll(async () => {
    folder = await temporaryFolder('unprivileged')
    await chmod(folder.path, 0o755)
    await writeFile(join(folder.path, app.filename), app.bytes)
    // A home of his own, as whoever logs in has one.
    const home = await given(join(folder.path, 'home'))
    const target = {
      name: 'web1',
      address: '127.0.0.1',
      port: 22,
      user: 'deploy',
      keyPath: '/nowhere',
      connectSeconds: 1,
    }
    connection = new HostConnection(localHosts([...unprivileged, 'env', `HOME=${home}`]), target)
    user = (await runOk([...unprivileged, 'id', '-un'])).stdout.trim()
  })
  afterAll(async () => {
    await connection?.[Symbol.asyncDispose]()
    if (folder !== undefined) await runOk(['chmod', '-R', 'u+w', folder.path])
    await folder?.[Symbol.asyncDispose]()
  })

  async function given(path: string): Promise<string> {
    await mkdir(path, { recursive: true })
    if (asRoot) await chown(path, nobody, nobody)
    return path
  }

  async function refused(path: string): Promise<string> {
    await mkdir(path, { recursive: true })
    await chmod(path, 0o555)
    return path
  }

  const aRoot = () => join(folder.path, `app-${++services}`)

  async function run(root: string, script: string) {
    const job = { root, attempt: `run-${++services}`, owner: 'store/web', fence: 1, limitSeconds: 60 }
    const outcome = await runDetached(connection, { ...job, script }, { clock: systemClock, patienceSeconds: 5 })
    if (outcome.kind === 'exited') return { code: outcome.code, told: outcome.output.trim() }
    return { code: outcome.kind, told: outcome.kind === 'refused' ? outcome.message : '' }
  }

  function staging(root: string) {
    const manifest = { project: 'app', version: '1.0', lock: 'lock' }
    const requirements = `app @ file://${join(folder.path, app.filename)} --hash=sha256:${app.sha256}\n`
    const { python } = toolPaths()
    const wanted = { python, root, release: '1.0-lock', keepReleases: 2, stable: undefined, requirements, manifest }
    return { ...wanted, installer: 'pip' as const, indexes: [] }
  }

  function download(root: string, venv = join(root, 'venv')): string {
    const wheels = [{ project: 'app', version: '1.0', sha256: app.sha256 }]
    return downloadScript({ ...staging(root), venv, wheels })
  }

  it('deploys with the layout releases, and whoever runs the service may read what was installed', async () => {
    const root = await given(aRoot())
    expect(await run(root, stageScript(staging(root)))).toMatchObject({ code: 0 })
    const what = { root, release: '1.0-lock', put: linkTo('1.0-lock'), environment: `${root}/current` }
    const restart = 'current/bin/python -c "import app" && : >restarted'
    expect(await run(root, activateScript({ ...what, what: 'restart', restart, explain: undefined }))).toMatchObject({
      code: 0,
    })
    expect(await readlink(join(root, 'current'))).toBe('releases/1.0-lock')
    for (const name of ['releases', 'releases/1.0-lock', 'releases/1.0-lock/bin']) {
      expect((await stat(join(root, name))).mode & 0o777).toBe(0o755)
    }
    // What was printed, and the secrets of runs, are nobody else's business.
    expect((await stat(join(root, '.wheelhouse'))).mode & 0o777).toBe(0o700)
    expect((await lstat(join(root, 'restarted'))).uid).toBe(asRoot ? nobody : process.getuid?.())
  })

  it('is told whose the environment is to be that is upgraded in place, before anything is installed', async () => {
    const [root, venv] = [await given(aRoot()), `${aRoot()}/venv`]
    await runOk([toolPaths().python, '-m', 'venv', '--without-pip', venv])
    await runOk(['chmod', '-R', 'a-w', venv])
    const problem = `${user} may not write into the environment ${venv}. Give it to that user (ssh.user): chown -R ${user} ${venv}`
    expect(await run(root, download(root, venv))).toEqual({ code: 3, told: problem })
    await refused(join(root, 'places'))
    expect(await run(root, download(root, join(root, 'places', 'venv')))).toMatchObject({
      code: 3,
      told: expect.stringContaining(`may not make ${root}/places/venv on this node, as that user may not write into`),
    })
  })

  it.each<[string, (root: string) => string]>([
    ['releases', (root) => stageScript(staging(root))],
    ['in-place', download],
  ])('is told which folder of the service is to be his, with the layout %s', async (_layout, script) => {
    const above = await refused(aRoot())
    const missing = join(above, 'app')
    const make = `mkdir -p ${missing} && chown ${user} ${missing}`
    expect(await run(missing, script(missing))).toEqual({
      code: 'refused',
      told: `${user} may not make ${missing} on this node, as that user may not write into ${above}. Make it, and give it to that user (ssh.user): ${make}`,
    })
    expect(await run(above, script(above))).toEqual({
      code: 'refused',
      told: `${user} may not write into ${above} on this node. Give it to that user (ssh.user): chown ${user} ${above}`,
    })
    const runs = await given(aRoot())
    await refused(join(runs, '.wheelhouse'))
    expect(await run(runs, script(runs))).toEqual({
      code: 'refused',
      told: expect.stringContaining(`chown -R ${user} ${runs}/.wheelhouse`),
    })
    const releases = await given(aRoot())
    await refused(join(releases, 'releases'))
    expect(await run(releases, script(releases))).toEqual({
      code: 3,
      told: `${user} may not write into ${releases}/releases on this node. Give it to that user (ssh.user): chown -R ${user} ${releases}/releases`,
    })
    // The link that is switched lies in the folder itself: not only its parts have to be his.
    const parts = aRoot()
    for (const part of ['releases', '.wheelhouse']) await given(join(parts, part))
    await refused(parts)
    expect(await run(parts, script(parts))).toEqual({
      code: 3,
      told: expect.stringContaining(`(ssh.user): chown ${user} ${parts}`),
    })
  })
})
