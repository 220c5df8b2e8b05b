import { DiskStore } from '../../src/objects/disk-store.ts'
import { keys } from '../../src/objects/keys.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startWheelhouse } from '../support/wheelhouse.ts'
import { aProcess, aWorld, deploy, headIn, isConcluded } from '../support/worker-processes.ts'
import { progress, type Table } from './report.ts'
import { figure, median } from './statistics.ts'
import { timed } from './uploading.ts'

const nodes = 500
const megabyte = 1_000_000

/** One deploy to five hundred simulated nodes: what the worker takes, writes, and how long its document is to be read. */
export async function measureManyNodes(): Promise<readonly Table[]> {
  return [await measuredWith(50), await measuredWith(1)]
}

async function measuredWith(maxUnavailable: number): Promise<Table> {
  const world = await aWorld(undefined, { nodes, maxUnavailable })
  const head = keys.deployHead('web', deploy)
  const { store, fleet } = world
  let [writes, steps, bytes, peak] = [0, 0, 0, 0]
  const write = store.write.bind(store)
  store.write = async (key, body, condition) => {
    if (key === head) [writes, bytes] = [writes + 1, Math.max(bytes, body.length)]
    peak = Math.max(peak, process.memoryUsage().rss)
    return await write(key, body, condition)
  }
  const act = fleet.act.bind(fleet)
  fleet.act = (fence, effect, rollout) => {
    if (effect.node !== undefined) steps++
    return act(fence, effect, rollout)
  }
  progress(`many nodes: one deploy to ${nodes} simulated ones, ${maxUnavailable} at once`)
  const before = process.memoryUsage().rss
  const seconds = await timed(async () => {
    await aProcess(world, 'only', () => 'goes', true, false)
    await world.clock.passUntil(() => isConcluded(world), 1_000_000)
  })
  const phase = (await headIn(world))?.phase
  if (phase !== 'succeeded') throw new Error(`The deploy ended as ${phase}.`)
  const rows = [
    ['steps on nodes', figure(steps), ''],
    ['writes of its document a step', figure(writes / steps), '<= 3'],
    ['size of its document, kB', figure(bytes / 1000), ''],
    ['worker: processor time in all, s', figure(seconds), ''],
    ['worker: memory, MB', figure(peak / megabyte), '< 300'],
    ['of that for the deploy, MB', figure((peak - before) / megabyte), ''],
    ['GET /deploys/<id>, ms', figure(await readTime(world)), '< 20'],
  ]
  return {
    title: `A deploy to ${nodes} simulated nodes, ${maxUnavailable} at once`,
    columns: ['', 'figure', 'aim'],
    rows,
  }
}

/** By a real server, on a folder with the same documents. */
async function readTime({ store }: Awaited<ReturnType<typeof aWorld>>): Promise<number> {
  await using folder = await temporaryFolder('many-nodes')
  const disk = await DiskStore.open(`${folder.path}/storage`)
  for await (const { key } of store.list('')) {
    const found = await store.read(key)
    if (typeof found === 'object') await disk.write(key, found.body, 'absent')
  }
  await using server = await startWheelhouse({ folder: folder.path })
  const ask = async () => {
    const answer = await fetch(`${server.url}/deploys/${deploy}`, {
      headers: { authorization: `Bearer ${server.token}`, accept: 'application/json' },
    })
    if (!answer.ok) throw new Error(await answer.text())
    await answer.arrayBuffer()
  }
  const times: number[] = []
  for (let n = 0; n < 60; n++) times.push((await timed(ask)) * 1000)
  return median(times)
}
