import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { writeBigWheel } from '../support/wheels.ts'
import { downloadByCurl, uploadByCurl } from './curl.ts'
import { page, wheelhouseOnDisk, wheelhouseOnS3 } from './index-server.ts'
import { peryx } from './peers.ts'
import { progress, type Table } from './report.ts'
import { startStaticNginx } from './static-nginx.ts'
import { figure, median, medianRatio } from './statistics.ts'
import { timed } from './uploading.ts'

const rounds = 15

interface Source {
  readonly name: string
  readonly url: string
  readonly authorization?: string
}

/** A 300 MB wheel, read by one client at a time. */
export async function measureDownloads(): Promise<readonly Table[]> {
  await using folder = await temporaryFolder('downloads')
  await using nginx = await startStaticNginx()
  const path = join(folder.path, 'large-1.0-py3-none-any.whl')
  const wheel = await writeBigWheel(path, { name: 'large', version: '1.0', megabytes: 300 })
  const bytes = await readFile(path)
  await nginx.put(wheel.filename, bytes)
  const servers = [await wheelhouseOnDisk(), await peryx(), await wheelhouseOnS3()]
  try {
    const sources: Source[] = [{ name: 'nginx, one worker', url: `${nginx.url}/${wheel.filename}` }]
    for (const server of servers) {
      await uploadByCurl(server, wheel, 'large', '1.0')
      const answer = await page(server, 'large')
      const { files } = (await answer.json()) as { files: { url: string }[] }
      const url = new URL(files[0]?.url ?? '', answer.url).href
      sources.push({ name: server.name, url, authorization: server.authorization })
    }
    return [await measure(sources, bytes.length)]
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]()
  }
}

async function measure(sources: readonly Source[], size: number): Promise<Table> {
  const times = sources.map((): number[] => [])
  for (let round = 0; round < rounds; round++) {
    progress(`downloads: round ${round + 1} of ${rounds}`)
    for (const [at, { url, authorization }] of sources.entries()) {
      times[at]?.push(await timed(() => downloadByCurl(url, authorization, size)))
    }
  }
  const [base = []] = times
  return {
    title: 'Download of 300 MB',
    columns: ['', 'seconds', 'throughput as a multiple of nginx'],
    rows: sources.map(({ name }, at) => [
      name,
      figure(median(times[at] ?? [])),
      figure(medianRatio((times[at] ?? []).map((time, n) => [base[n] ?? Number.NaN, time]))),
    ]),
    notes: [`Medians of ${rounds} rounds, in turn; curl on the same machine, the bytes in the page cache.`],
  }
}
