import { statSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { aWheel, type BuiltFile, writeBigWheel } from '../support/wheels.ts'
import { uploadByCurl } from './curl.ts'
import { type IndexServer, memory, wheelhouseOnDisk, wheelhouseOnS3 } from './index-server.ts'
import { visitPages } from './page-visitor.ts'
import { peryx } from './peers.ts'
import { progress, type Table } from './report.ts'
import { figure, median, medianRatio, quantile } from './statistics.ts'
import { formOf, timed, Uploader } from './uploading.ts'

const rounds = 7
const megabytes = 300
const launchers = [wheelhouseOnDisk, peryx, wheelhouseOnS3]

interface Round {
  readonly name: string
  readonly alone: number
  readonly three: number
  readonly latencies: readonly number[]
  readonly peak: number
}

/** One large wheel, then three at once while pages are read; each server new in every round, so that the disk holds one. */
export async function measureLargeUploads(): Promise<readonly Table[]> {
  await using folder = await temporaryFolder('large')
  const wheels: BuiltFile[] = []
  for (let n = 0; n < 4; n++) {
    const description = { name: `large${n}`, version: '1.0', megabytes }
    wheels.push(await writeBigWheel(join(folder.path, `large${n}-1.0-py3-none-any.whl`), description))
  }
  const all: Round[][] = []
  for (let round = 0; round < rounds; round++) {
    const results: Round[] = []
    for (const launch of launchers) {
      progress(`large uploads: round ${round + 1} of ${rounds}`)
      await using server = await launch()
      results.push(await measure(server, wheels))
    }
    all.push(results)
  }
  return [table(all, statSync(wheels[0]?.path ?? '').size)]
}

async function measure(server: IndexServer, wheels: readonly BuiltFile[]): Promise<Round> {
  using uploader = new Uploader()
  for (let n = 0; n < 20; n++) {
    await uploader.upload(server, formOf(aWheel({ name: 'page', version: `1.${n}` }), 'page', `1.${n}`))
  }
  const upload = (wheel: BuiltFile, n: number) => uploadByCurl(server, wheel, `large${n}`, '1.0')
  const [first, ...rest] = wheels
  if (first === undefined) throw new Error('no wheel')
  const alone = await timed(() => upload(first, 0))
  const visitor = visitPages(server, 'page')
  const three = await timed(() => Promise.all(rest.map((wheel, n) => upload(wheel, n + 1))))
  return { name: server.name, alone, three, latencies: await visitor.stop(), peak: memory(server.pid, 'VmHWM') }
}

function table(all: readonly (readonly Round[])[], size: number): Table {
  const of = (at: number) => all.flatMap((round) => round[at] ?? [])
  const against = (at: number, what: 'alone' | 'three') =>
    figure(medianRatio(of(at).map((round, n) => [round[what], of(1)[n]?.[what] ?? Number.NaN])))
  return {
    title: `Wheels of ${Math.round(size / 1e6)} MB: one, then three at once while pages are read`,
    columns: ['', 'one, s', 'against peryx', 'three, s', 'against peryx', 'page p50, ms', 'p99, ms', 'peak memory, MB'],
    rows: launchers.map((_, at) => [
      of(at)[0]?.name ?? '',
      figure(median(of(at).map(({ alone }) => alone))),
      against(at, 'alone'),
      figure(median(of(at).map(({ three }) => three))),
      against(at, 'three'),
      figure(median(of(at).flatMap(({ latencies }) => latencies))),
      figure(
        quantile(
          of(at).flatMap(({ latencies }) => latencies),
          0.99,
        ),
      ),
      figure(Math.max(...of(at).map(({ peak }) => peak))),
    ]),
    notes: [
      `Medians of ${rounds} rounds, the servers in turn, each started anew; sent by curl from the same two cores.`,
      'Wheelhouse inflates every member and checks it against RECORD before it answers; peryx does not read the members.',
      'Page: JSON, 20 files, asked every few milliseconds while the three uploads run. Memory: the highest of all rounds.',
    ],
  }
}
