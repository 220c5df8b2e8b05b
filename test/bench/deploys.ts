import { join } from 'node:path'
import { demoApp } from '../support/demo-app.ts'
import { embedded, startSite } from '../support/deploy-site.ts'
import { superviseService } from '../support/supervised-service.ts'
import { useTool } from '../support/tools.ts'
import { ansible, type DeployBy, fabric, fetchDeployPeers, floor, pyinfra, type Target } from './deploy-peers.ts'
import { progress, type Table } from './report.ts'
import { figure, median, medianRatio } from './statistics.ts'
import { timed } from './uploading.ts'

const nodes = 20
const rounds = 3

interface Contender {
  readonly name: string
  readonly deploy: DeployBy
}

/** One small package to twenty nodes, again and again: everybody installs everywhere at once, and restarts node after node. */
export async function measureDeploys(): Promise<readonly Table[]> {
  await fetchDeployPeers()
  await using site = await siteWith('uv')
  await using withPip = await siteWith('pip')
  const { token, url } = site.server()
  const index = `${url.replace('://', `://__token__:${token}@`)}/simple/`
  const pip = (python: string) => `${useTool('pipNew').join(' ')} --python ${python} install -q --no-deps -i ${index}`
  const uv = (python: string) => `${useTool('uv').join(' ')} pip install -q --python ${python} --no-deps -i ${index}`
  const targets = async (name: string): Promise<readonly Target[]> =>
    await Promise.all(
      site.fleet.members.map(async (member) => ({
        name: member.name,
        node: member.node,
        service: await superviseService(member.node, { name }),
      })),
    )
  const at = (name: string) => join(site.home, name)
  const contenders: Contender[] = [
    { name: 'the floor: uv and restarts without SSH', deploy: await floor(await targets('floor-uv'), uv) },
    { name: 'the floor: pip and restarts without SSH', deploy: await floor(await targets('floor-pip'), pip) },
    { name: 'Wheelhouse, uv', deploy: (version) => promoted(site, version) },
    { name: 'Wheelhouse, pip', deploy: (version) => promoted(withPip, version) },
    { name: 'Fabric, uv', deploy: await fabric(at('fabric'), await targets('fabric'), uv) },
    { name: 'pyinfra, uv', deploy: await pyinfra(at('pyinfra'), await targets('pyinfra'), uv) },
    { name: 'Ansible tuned, uv', deploy: await ansible(at('tuned'), await targets('tuned'), uv, true) },
    { name: 'Ansible tuned, pip', deploy: await ansible(at('tuned-pip'), await targets('tuned-pip'), pip, true) },
    { name: 'Ansible with defaults, pip', deploy: await ansible(at('ansible'), await targets('ansible'), pip, false) },
  ]
  return [table(contenders, await measure([site, withPip], contenders))]
}

type Site = Awaited<ReturnType<typeof startSite>>

/** Twenty nodes of its own, whose services nobody else restarts. */
async function siteWith(installer: 'uv' | 'pip'): Promise<Site> {
  return await startSite(embedded, {
    nodes: Array.from({ length: nodes }, () => ({})),
    service: { installer },
    verify: { probes: 1, interval_seconds: 0.05 },
    rollout: { soak_seconds: 0 },
  })
}

async function promoted(site: Site, version: string): Promise<void> {
  const { status, text } = await site.promote(version, '?wait=300')
  if (status !== 200) throw new Error(text)
}

async function measure(
  sites: readonly Site[],
  contenders: readonly Contender[],
): Promise<readonly (readonly number[])[]> {
  const times = contenders.map((): number[] => [])
  // The first deploy of each is a warm-up: files are read for the first time, and we make what stays on a node.
  for (let round = 0; round <= rounds; round++) {
    const version = `1.${round}`
    for (const site of sites) await site.publish(demoApp({ version }), version)
    for (const [n, { name, deploy }] of contenders.entries()) {
      progress(`deploys: round ${round} of ${rounds}, ${name}`)
      const seconds = await timed(() => deploy(version))
      if (round > 0) times[n]?.push(seconds)
    }
  }
  return times
}

function table(contenders: readonly Contender[], times: readonly (readonly number[])[]): Table {
  const against = (n: number, base: number) =>
    figure(medianRatio((times[n] ?? []).map((time, round) => [time, times[base]?.[round] ?? Number.NaN])))
  return {
    title: `A small package to ${nodes} nodes, each with a service to restart`,
    columns: ['', 'seconds', 'against the floor with uv', 'with pip', 'against Ansible with defaults'],
    rows: contenders.map(({ name }, n) => [
      name,
      figure(median(times[n] ?? [])),
      against(n, 0),
      against(n, 1),
      against(n, contenders.length - 1),
    ]),
    notes: [
      `Medians of ${rounds} deploys, in turn, after one that is not counted; real sshd nodes on the same two cores, restarted one at a time.`,
      'Everybody makes an environment without pip and installs on all nodes at once; Ansible forks 20, tuned: pipelining, ControlPersist, no facts.',
      'Wheelhouse saves each step, verifies the new process and looks at some updated nodes again before each restart; the others wait for the version.',
    ],
  }
}
