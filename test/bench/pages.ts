import { aWheel } from '../support/wheels.ts'
import { bytesOf, type IndexServer, json, page, wheelhouseOnDisk, wheelhouseOnS3 } from './index-server.ts'
import { devpi, peryx, pypiserver } from './peers.ts'
import { progress, type Table } from './report.ts'
import { startStaticNginx } from './static-nginx.ts'
import { figure, median, medianRatio } from './statistics.ts'
import { formOf, Uploader } from './uploading.ts'
import { requestsPerSecond, type Target } from './wrk.ts'

const projects = { 'bench-twenty': 20, 'bench-thousand': 1000 } as const
type ProjectName = keyof typeof projects
const rounds = 7
const seconds = 1

interface Contender {
  readonly name: string
  target(project: ProjectName): Target | undefined
}

/** Project pages, read by one and by 32 connections; every server in turn, round after round. */
export async function measurePages(): Promise<readonly Table[]> {
  await using nginx = await startStaticNginx()
  const servers = [await wheelhouseOnDisk(), await wheelhouseOnS3(), await peryx(), await devpi(), await pypiserver()]
  try {
    for (const server of servers) await fill(server)
    const [ours] = servers
    for (const project of names) {
      if (ours !== undefined) await nginx.put(`simple/${project}/index.json`, await bytesOf(await page(ours, project)))
    }
    const contenders = [
      {
        name: 'nginx, one worker, same bytes',
        target: (project: ProjectName) => plain(`${nginx.url}/simple/${project}/`),
      },
      ...servers.map(contender),
    ]
    return [await measure(contenders)]
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]()
  }
}

const names = Object.keys(projects) as ProjectName[]
const plain = (url: string): Target => ({ url, headers: {} })

function contender(server: IndexServer): Contender {
  return {
    name: server.name,
    target: (project) =>
      // devpi takes ten minutes for a thousand uploads to one project.
      server.name === 'devpi-server' && projects[project] > 100
        ? undefined
        : { url: `${server.simpleUrl}${project}/`, headers: { accept: json, authorization: server.authorization } },
  }
}

async function fill(server: IndexServer): Promise<void> {
  progress(`filling ${server.name}`)
  using uploader = new Uploader()
  for (const [project, count] of Object.entries(projects)) {
    if (server.name === 'devpi-server' && count > 100) continue
    const left = Array.from({ length: count }, (_, n) => `1.${n}`)
    const worker = async () => {
      for (let version = left.pop(); version !== undefined; version = left.pop()) {
        const wheel = aWheel({ name: project, version, requiresPython: '>=3.9' })
        await uploader.upload(server, formOf(wheel, project, version))
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
  }
}

async function measure(contenders: readonly Contender[]): Promise<Table> {
  const cases = names.flatMap((project) => [1, 32].map((connections) => ({ project, connections })))
  const rates = new Map<string, number[][]>(contenders.map(({ name }) => [name, cases.map(() => [])]))
  for (let round = 0; round < rounds; round++) {
    progress(`pages: round ${round + 1} of ${rounds}`)
    for (const [at, { project, connections }] of cases.entries()) {
      for (const { name, target } of contenders) {
        const aim = target(project)
        if (aim !== undefined) rates.get(name)?.[at]?.push(await requestsPerSecond(aim, connections, seconds))
      }
    }
  }
  const [yardstick = ''] = rates.keys()
  const cell = (name: string, at: number) => {
    const own = rates.get(name)?.[at] ?? []
    const base = rates.get(yardstick)?.[at] ?? []
    if (own.length === 0) return '-'
    return `${figure(median(own))} (${figure(medianRatio(own.map((rate, n) => [rate, base[n] ?? Number.NaN])))})`
  }
  return {
    title: 'Project page as JSON, requests a second (and as a multiple of nginx)',
    columns: ['', ...cases.map(({ project, connections }) => `${projects[project]} files, ${connections} conn.`)],
    rows: contenders.map(({ name }) => [name, ...cases.map((_, at) => cell(name, at))]),
    notes: [
      `Medians of ${rounds} rounds of ${seconds} s each, all servers in turn; ratios are medians of pairs of one round.`,
      'Wheelhouse is asked with a token that it checks; pypiserver has HTML only; nobody is asked for compression.',
    ],
  }
}
