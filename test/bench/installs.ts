import { join } from 'node:path'
import { clientsIn } from '../support/index-clients.ts'
import { describeRun, type RunResult } from '../support/run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { aWheel } from '../support/wheels.ts'
import { bytesOf, type IndexServer, page, wheelhouseOnDisk, wheelhouseOnS3 } from './index-server.ts'
import { peryx } from './peers.ts'
import { progress, type Table } from './report.ts'
import { type StaticNginx, startStaticNginx } from './static-nginx.ts'
import { figure, median, medianRatio } from './statistics.ts'
import { formOf, timed, Uploader } from './uploading.ts'

const rounds = 11
const packages = 50

interface Source {
  readonly name: string
  readonly index: string
}

/** A tree of fifty packages, installed from scratch by pip and by uv. */
export async function measureInstalls(): Promise<readonly Table[]> {
  await using nginx = await startStaticNginx()
  const servers = [await wheelhouseOnDisk(), await wheelhouseOnS3(), await peryx()]
  try {
    for (const server of servers) await uploadTree(server)
    if (servers[0] !== undefined) await copyTree(servers[0], nginx)
    const sources = [
      { name: 'nginx, one worker, same bytes', index: `${nginx.url}/simple/` },
      ...servers.map((server) => ({ name: server.name, index: withCredentials(server) })),
    ]
    return [await measure(sources)]
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]()
  }
}

const nameOf = (n: number) => `tree-${n}`

/** The root needs seven packages, each of them six more: three rounds of questions, as in real trees. */
async function uploadTree(server: IndexServer): Promise<void> {
  using uploader = new Uploader()
  for (let n = 0; n < packages; n++) {
    const children = Array.from({ length: 7 }, (_, k) => n * 7 + k + 1).filter((child) => child < packages)
    for (const version of ['1.0', '1.1', '1.2', '2.0']) {
      const wheel = aWheel({ name: nameOf(n), version, requires: children.map((child) => `${nameOf(child)}>=1.1`) })
      await uploader.upload(server, formOf(wheel, nameOf(n), version))
    }
  }
}

async function copyTree(server: IndexServer, nginx: StaticNginx): Promise<void> {
  const headers = { authorization: server.authorization }
  for (let n = 0; n < packages; n++) {
    const answer = await page(server, nameOf(n))
    const bytes = await bytesOf(answer)
    await nginx.put(`simple/${nameOf(n)}/index.json`, bytes)
    for (const { url } of (JSON.parse(new TextDecoder().decode(bytes)) as { files: { url: string }[] }).files) {
      for (const file of [new URL(url, answer.url), new URL(`${url}.metadata`, answer.url)]) {
        await nginx.put(file.pathname.slice(1), await bytesOf(await fetch(file, { headers })))
      }
    }
  }
}

function withCredentials(server: IndexServer): string {
  const [user, password] = Buffer.from(server.authorization.slice('Basic '.length), 'base64').toString().split(':')
  return server.simpleUrl.replace('://', `://${user}:${password}@`)
}

async function measure(sources: readonly Source[]): Promise<Table> {
  const clients = { pip: [] as number[][], uv: [] as number[][] }
  for (const source of sources.keys()) {
    clients.pip[source] = []
    clients.uv[source] = []
  }
  for (let round = 0; round < rounds; round++) {
    progress(`installs: round ${round + 1} of ${rounds}`)
    for (const [at, { index }] of sources.entries()) {
      clients.pip[at]?.push(await install('pip', index))
      clients.uv[at]?.push(await install('uv', index))
    }
  }
  const cells = (times: readonly (readonly number[])[], at: number) => [
    figure(median(times[at] ?? [])),
    figure(medianRatio((times[at] ?? []).map((time, n) => [time, times[0]?.[n] ?? Number.NaN]))),
  ]
  return {
    title: `Installing a tree of ${packages} packages`,
    columns: ['', 'pip, s', 'against nginx', 'uv, s', 'against nginx'],
    rows: sources.map(({ name }, at) => [name, ...cells(clients.pip, at), ...cells(clients.uv, at)]),
    notes: [
      `Medians of ${rounds} rounds, in turn. Servers warm, the clients' caches empty, a new target folder each time.`,
    ],
  }
}

async function install(client: 'pip' | 'uv', index: string): Promise<number> {
  await using home = await temporaryFolder('install')
  const clients = clientsIn(home.path)
  let result: RunResult | undefined
  const seconds = await timed(async () => {
    result =
      client === 'pip'
        ? await clients.pipInstall('pipNew', index, [nameOf(0)], join(home.path, 'into'))
        : await clients.uvInstall(index, [nameOf(0)], join(home.path, 'into'))
  })
  if (result?.code !== 0) throw new Error(result && describeRun([client, 'install'], result))
  return seconds
}
