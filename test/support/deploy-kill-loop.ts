import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { demoApp } from './demo-app.ts'
import { type DeploySite, startSite, ways } from './deploy-site.ts'
import { until } from './until.ts'
import { watchServices } from './watch-services.ts'

interface DeployJson {
  readonly phase: string
  readonly reason: string | null
  readonly nodes?: readonly { readonly name: string; readonly state: string }[]
}

export interface DeployKills {
  readonly succeeded: number
  readonly rolledBack: number
  readonly kills: number
  /** How often somebody was killed in each phase, and with a node in each state. */
  readonly moments: ReadonlyMap<string, number>
}

/** Every command takes its time, so that many are met in the middle. */
const slow = {
  restart: { command: ['sh', '-c', 'sleep 0.5; {root}/restart-app.sh'] },
  drain: { command: ['sh', '-c', 'touch drained; sleep 0.3'] },
  undrain: { command: ['sh', '-c', 'sleep 0.3; rm -f drained'] },
  once_per_deploy: { command: ['sh', '-c', 'sleep 0.3; echo "$WHEELHOUSE_VERSION" >>migrated'] },
}

/**
 * Deploys a good release and a bad one by turns, until the time is over, and kills whoever carries them again and again, at random
 * moments that are spread over steps and commands alike. Each deploy has to end as it would have, with every command run once,
 * nobody left drained, and never more than one node out of service; throws with a sentence where one does not.
 */
export async function deployKillLoop(minutes: number, told: (sofar: DeployKills) => void): Promise<DeployKills> {
  const [, scaled] = ways[1] ?? []
  if (scaled === undefined) throw new Error('There is no way with workers of their own.')
  const rollout = { soak_seconds: 1 }
  await using site = await startSite(scaled, {
    nodes: [{}, {}],
    rollout,
    verify: { timeout_seconds: 3 },
    service: slow,
  })
  const moments = new Map<string, number>()
  let sofar: DeployKills = { succeeded: 0, rolledBack: 0, kills: 0, moments }
  let stable: string | undefined
  const end = Date.now() + minutes * 60_000
  for (let n = 0; Date.now() < end; n++) {
    const bad = n % 2 === 1
    const version = `1.${n}.0`
    const kills = await oneDeploy(site, { version, bad, stable }, moments)
    if (!bad) stable = version
    const { succeeded, rolledBack } = sofar
    sofar = {
      ...{ succeeded: succeeded + (bad ? 0 : 1), rolledBack: rolledBack + (bad ? 1 : 0) },
      ...{ kills: sofar.kills + kills, moments },
    }
    told(sofar)
  }
  return sofar
}

interface Wanted {
  readonly version: string
  readonly bad: boolean
  readonly stable: string | undefined
}

/** How often somebody was killed in it. */
async function oneDeploy(site: DeploySite, wanted: Wanted, moments: Map<string, number>): Promise<number> {
  const { version, bad, stable } = wanted
  await site.publish(demoApp({ version, importError: bad }), version)
  const watch = watchServices(site)
  const id = /(web\.production\.\d+):/.exec((await site.promote(version, '')).text)?.[1] ?? ''
  const deploy = () => site.get<DeployJson>(`/deploys/${id}`)
  const isOver = async () => /^(succeeded|failed|rolled_back|rollback_failed|aborted)$/.test((await deploy()).phase)
  let kills = 0
  const longest = Date.now() + 300_000
  while (!(await isOver())) {
    if (Date.now() > longest) throw new Error(`${id} came to no end in five minutes: ${JSON.stringify(await deploy())}`)
    // Ever longer, or on a slow machine nobody would live long enough to do anything.
    await sleep(Math.random() * (1_500 + 750 * kills))
    const { phase, nodes = [] } = await deploy()
    const killed = await site.killCarrier()
    kills += killed
    if (killed > 0) for (const moment of new Set([phase, ...nodes.map(({ state }) => state)])) count(moments, moment)
  }
  const { phase, reason } = await deploy()
  await until(async () => (await site.get<{ running: string | null }>('/services/web')).running !== id, 60)
  const mostOut = await watch.stop()
  const running = (await site.running()).map((one) => one?.version)
  const runs = stable === undefined && bad ? undefined : bad ? stable : version
  const problems = [
    ...(phase === (bad ? 'rolled_back' : 'succeeded') ? [] : [`it ended as ${phase}: ${reason}`]),
    ...(running.every((one) => one === runs) ? [] : [`its nodes run ${running}, not ${runs}`]),
    ...(mostOut <= 1 || stable === undefined ? [] : [`${mostOut} nodes were out of service at once`]),
    ...site.fleet.members.flatMap(({ name, service: { root } }) => leftOn(root, id).map((one) => `${name}: ${one}`)),
    ...(migrationsOf(site, version) === 1 ? [] : [`what is run once was run ${migrationsOf(site, version)} times`]),
  ]
  if (problems.length > 0) throw new Error(`${id} (${version}, ${kills} kills): ${problems.join('; ')}`)
  return kills
}

function leftOn(root: string, id: string): readonly string[] {
  const runs = readdirSync(join(root, '.wheelhouse', 'runs')).filter((run) => run.startsWith(`${id}.`))
  // The name of an attempt ends with its kind and the deploy's nonce.
  const kinds = runs.map((run) => run.split('-').at(-2))
  return [
    ...(existsSync(join(root, 'drained')) ? ['it is still drained'] : []),
    ...(new Set(kinds).size === kinds.length ? [] : [`something was run twice: ${runs.join(', ')}`]),
  ]
}

function migrationsOf(site: DeploySite, version: string): number {
  const files = site.fleet.members
    .map(({ service: { root } }) => join(root, 'migrated'))
    .filter((file) => existsSync(file))
  return files.flatMap((file) => readFileSync(file, 'utf8').split('\n')).filter((line) => line === version).length
}

function count(moments: Map<string, number>, moment: string): void {
  moments.set(moment, (moments.get(moment) ?? 0) + 1)
}
