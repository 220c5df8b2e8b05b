import { demoApp } from '../support/demo-app.ts'
import { startSite, ways } from '../support/deploy-site.ts'
import { until } from '../support/until.ts'
import { progress, type Table } from './report.ts'
import { figure, median } from './statistics.ts'

const rounds = 5
const leaseSeconds = 3

interface DeployJson {
  readonly phase: string
  readonly nodes?: readonly { readonly state: string }[]
}

/**
 * The worker that carries a deploy is killed while its node is being restarted; from then until the head tells of the next
 * step, by the other worker, on a bucket and Redis. What is left without the lease's term is what the aim is about.
 */
export async function measureResumed(): Promise<readonly Table[]> {
  const [, scaled] = ways[1] ?? []
  if (scaled === undefined) throw new Error('There is no way with several workers.')
  await using site = await startSite(scaled, {
    nodes: [{}],
    verify: { probes: 1, interval_seconds: 0.05 },
    rollout: { soak_seconds: 0 },
    // All but the lease is as by default.
    worker: { lease_seconds: leaseSeconds, look_seconds: 10 },
    service: { restart: { command: ['sh', '-c', 'sleep 1; {root}/restart-app.sh'] } },
  })
  const times: number[] = []
  for (let round = 0; round <= rounds; round++) {
    progress(`resumed: round ${round} of ${rounds}`)
    const version = `1.${round}.0`
    await site.publish(demoApp({ version }), version)
    const id = /(web\.production\.\d+):/.exec((await site.promote(version, '')).text)?.[1] ?? ''
    const deploy = () => site.get<DeployJson>(`/deploys/${id}`)
    await until(async () => (await deploy()).nodes?.[0]?.state === 'activating', 60)
    const began = performance.now()
    // The first round is a first deploy, which is not measured.
    if (round > 0) await site.killCarrier()
    await until(async () => (await deploy()).nodes?.[0]?.state !== 'activating', 120)
    if (round > 0) times.push((performance.now() - began) / 1000 - leaseSeconds)
    await until(async () => (await deploy()).phase === 'succeeded', 120)
  }
  return [
    {
      title: `After kill -9 of the worker that carries a deploy, ${rounds} times`,
      columns: ['', 'figure', 'aim'],
      rows: [
        ['until the next step, without the lease, s: median', figure(median(times)), '< 5'],
        ['until the next step, without the lease, s: longest', figure(Math.max(...times)), '< 5'],
      ],
    },
  ]
}
