import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startWheelhouse } from '../support/wheelhouse.ts'
import { aWheel } from '../support/wheels.ts'
import { asIndex, bytesOf, type IndexServer, json, memory, page, wheelhouseOnDisk } from './index-server.ts'
import { writeLargeStore } from './large-store.ts'
import { progress, type Table } from './report.ts'
import { figure, median, medianRatio } from './statistics.ts'
import { formOf, timed, Uploader } from './uploading.ts'
import { requestsPerSecond } from './wrk.ts'

const projects = 100_000
const filesEach = 10
const uploads = 300

/** Whether a store of a hundred thousand projects and a million files is slower than an empty one. */
export async function measureManyProjects(): Promise<readonly Table[]> {
  await using folder = await temporaryFolder('many')
  progress('writing the documents of 100,000 projects')
  mkdirSync(join(folder.path, 'storage'))
  writeLargeStore(join(folder.path, 'storage'), projects, filesEach)
  const began = performance.now()
  const started = await startWheelhouse({ folder: folder.path })
  const ready = (performance.now() - began) / 1000
  await using full = asIndex('a million files', started)
  await using empty = await wheelhouseOnDisk()
  const firstRoot = await timed(() => page(full, ''))
  await readEvery(full, 20)
  const rows = [
    ['ready to answer, s', figure(ready), '< 5'],
    ['first `/simple/`, s', figure(firstRoot), ''],
    ['an upload against one to an empty store', figure(await uploadRatio(full, empty)), '<= 1.2'],
    ['first `/simple/` after an upload, s', figure(await timed(() => page(full, ''))), ''],
    ...(await rootRates(full)),
    ['memory after that, MB', figure(memory(full.pid, 'VmRSS')), '< 600'],
    ['highest memory, MB', figure(memory(full.pid, 'VmHWM')), ''],
  ]
  return [{ title: '100,000 projects with a million files', columns: ['', 'figure', 'aim'], rows, notes }]
}

const notes = [
  'The documents are written by a script before the start; 5,000 of the projects are read before the rest is measured.',
  `Uploads: ${uploads} small wheels to new projects of each of the two, in turn; the median of the pairs.`,
]

async function readEvery(server: IndexServer, nth: number): Promise<void> {
  for (let n = 0; n < projects; n += nth) await bytesOf(await page(server, `project-${String(n).padStart(6, '0')}`))
}

async function uploadRatio(full: IndexServer, empty: IndexServer): Promise<number> {
  using uploader = new Uploader()
  const pairs: [number, number][] = []
  for (let n = 0; n < uploads; n++) {
    const name = `upload-${n}`
    const form = formOf(aWheel({ name, version: '1.0' }), name, '1.0')
    const pair: [number, number] = [0, 0]
    pair[0] = await timed(() => uploader.upload(full, form))
    pair[1] = await timed(() => uploader.upload(empty, form))
    pairs.push(pair)
  }
  return medianRatio(pairs)
}

async function rootRates(server: IndexServer): Promise<readonly (readonly string[])[]> {
  const headers = { accept: json, authorization: server.authorization, 'accept-encoding': 'gzip' }
  const one = { url: `${server.simpleUrl}project-000000/`, headers }
  const root = { url: server.simpleUrl, headers }
  const rates = async (target: typeof one) => {
    const found: number[] = []
    for (let round = 0; round < 7; round++) found.push(await requestsPerSecond(target, 1, 1))
    return figure(median(found))
  }
  return [
    ['a project page, requests a second', await rates(one), ''],
    ['`/simple/` with gzip, requests a second', await rates(root), ''],
  ]
}
