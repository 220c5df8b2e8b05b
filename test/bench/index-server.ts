import { readFileSync } from 'node:fs'
import { startVersitygw } from '../support/versitygw.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'

/** An index under measurement: ours in one of its ways to run, or another one. */
export interface IndexServer extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  /** Where uploads are POSTed. */
  readonly uploadUrl: string
  readonly authorization: string
  /** URL of the root of the simple API, with a slash at the end. */
  readonly simpleUrl: string
}

export async function wheelhouseOnDisk(): Promise<IndexServer> {
  return asIndex('Wheelhouse, disk', await startWheelhouse())
}

export async function wheelhouseOnS3(): Promise<IndexServer> {
  const s3 = await startVersitygw()
  const server = await startWheelhouse({
    environment: {
      S3_BUCKET: await s3.createBucket(),
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
  })
  return asIndex('Wheelhouse, versitygw', server, async () => await s3[Symbol.asyncDispose]())
}

export function asIndex(name: string, server: RunningWheelhouse, then = async () => {}): IndexServer {
  return {
    name,
    pid: server.pid,
    uploadUrl: `${server.url}/legacy/`,
    authorization: `Basic ${Buffer.from(`__token__:${server.token}`).toString('base64')}`,
    simpleUrl: `${server.url}/simple/`,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await then()
    },
  }
}

export const json = 'application/vnd.pypi.simple.v1+json'

/** The JSON page of a project; with no project the root. */
export async function page(server: IndexServer, project: string): Promise<Response> {
  const answer = await fetch(`${server.simpleUrl}${project === '' ? '' : `${project}/`}`, {
    headers: { accept: json, authorization: server.authorization, 'accept-encoding': 'identity' },
  })
  if (!answer.ok) throw new Error(`${server.name}: ${answer.status} ${await answer.text()}`)
  return answer
}

/** Node 20 has no `bytes()`. */
export async function bytesOf(answer: Response): Promise<Uint8Array> {
  return new Uint8Array(await answer.arrayBuffer())
}

/** Megabytes of one process: now (`VmRSS`) or at most ever (`VmHWM`). */
export function memory(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  const [, kibibytes = 'NaN'] =
    new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kibibytes) * 1024) / 1e6
}
