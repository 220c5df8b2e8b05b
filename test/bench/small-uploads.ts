import { aWheel } from '../support/wheels.ts'
import { type IndexServer, memory, wheelhouseOnDisk, wheelhouseOnS3 } from './index-server.ts'
import { peryx } from './peers.ts'
import { progress, type Table } from './report.ts'
import { figure, median, medianRatio } from './statistics.ts'
import { type Form, formOf, timed, Uploader } from './uploading.ts'

const rounds = 7
const count = 1000
const many = 10_000

/** A thousand small wheels, one after another, into a new project of each server; then what the ten thousandth costs. */
export async function measureSmallUploads(): Promise<readonly Table[]> {
  const servers = [await wheelhouseOnDisk(), await peryx(), await wheelhouseOnS3()]
  const slow = servers[2]
  try {
    const times = servers.map((): number[] => [])
    for (let round = 0; round < rounds; round++) {
      progress(`small uploads: round ${round + 1} of ${rounds}`)
      const forms = formsOf(`small-${round}`, count)
      // The gateway costs ten round trips a file, whoever asks: once is enough to say how much.
      const asked = round === 0 ? servers : servers.filter((server) => server !== slow)
      for (const [at, server] of asked.entries()) times[at]?.push(await timed(() => uploadAll(server, forms)))
    }
    return [inARow(servers, times), await growing()]
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]()
  }
}

function inARow(servers: readonly IndexServer[], times: readonly number[][]): Table {
  const base = times[1] ?? []
  return {
    title: `${count} small wheels, one after another, into one project`,
    columns: ['', 'seconds', 'against peryx', 'peak memory, MB'],
    rows: servers.map((server, at) => [
      server.name,
      figure(median(times[at] ?? [])),
      figure(medianRatio((times[at] ?? []).map((time, n) => [time, base[n] ?? Number.NaN]))),
      figure(memory(server.pid, 'VmHWM')),
    ]),
    notes: [
      `Medians of ${rounds} rounds, the servers in turn, a new project each round; one connection, kept alive. On versitygw one round.`,
    ],
  }
}

/** Whether an upload costs more in a project that has many. */
async function growing(): Promise<Table> {
  await using server = await wheelhouseOnDisk()
  using uploader = new Uploader()
  const forms = formsOf('growing', many)
  const times: number[] = []
  for (const form of forms) times.push((await timed(() => uploader.upload(server, form))) * 1000)
  const around = (at: number) => figure(median(times.slice(Math.max(0, at - 100), at)))
  const ratio = median(times.slice(-100)) / median(times.slice(0, 100))
  return {
    title: `An upload to a project that grows to ${many} files, milliseconds`,
    columns: ['', 'files 1 to 100', 'up to 1,000', 'up to 5,000', 'up to 10,000', 'last against first'],
    rows: [[server.name, around(100), around(1000), around(5000), around(many), figure(ratio)]],
    notes: ['Medians of a hundred uploads each.'],
  }
}

async function uploadAll(server: IndexServer, forms: readonly Form[]): Promise<void> {
  using uploader = new Uploader()
  for (const form of forms) await uploader.upload(server, form)
}

function formsOf(name: string, howMany: number): readonly Form[] {
  return Array.from({ length: howMany }, (_, n) => {
    const version = `1.${n}`
    return formOf(aWheel({ name, version, requiresPython: '>=3.9' }), name, version)
  })
}
