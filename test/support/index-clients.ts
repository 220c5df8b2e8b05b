import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hermeticPythonEnv } from './python-env.ts'
import { type RunResult, run, runOk } from './run.ts'
import { type ToolName, useTool } from './tools.ts'
import type { RunningWheelhouse } from './wheelhouse.ts'

/** A distribution file on disk or to be put there. */
export interface Distribution {
  readonly filename: string
  readonly bytes: Uint8Array
}

/** Real clients of one user, with a home folder of their own, speaking to a server. */
export function clientsIn(home: string) {
  const env = hermeticPythonEnv(home)

  async function put(files: readonly Distribution[]): Promise<string[]> {
    await mkdir(join(home, 'dist'), { recursive: true })
    return await Promise.all(
      files.map(async ({ filename, bytes }) => {
        const path = join(home, 'dist', filename)
        await writeFile(path, bytes)
        return path
      }),
    )
  }

  return {
    env,
    async twine(
      tool: 'twine' | 'debianTwine',
      server: RunningWheelhouse,
      files: readonly Distribution[] | readonly string[],
      token = server.token,
    ): Promise<RunResult> {
      const paths = files.every((file) => typeof file === 'string')
        ? files
        : await put(files as readonly Distribution[])
      const argv = [
        ...useTool(tool),
        'upload',
        '--disable-progress-bar',
        '--repository-url',
        `${server.url}/legacy/`,
        ...paths,
      ]
      const credentials = { TWINE_USERNAME: '__token__', TWINE_PASSWORD: token }
      return await run(argv, { env: { ...env, ...credentials }, cwd: home, timeoutMs: 240_000 })
    },
    async uvPublish(
      server: RunningWheelhouse,
      files: readonly Distribution[],
      token = server.token,
    ): Promise<RunResult> {
      const argv = [...useTool('uv'), 'publish', '--publish-url', `${server.url}/legacy/`, ...(await put(files))]
      return await run(argv, { env: { ...env, UV_PUBLISH_TOKEN: token }, cwd: home })
    },
    /** Installs into a new folder with the pip of a tool. */
    async pipInstall(tool: ToolName, index: string, requirement: readonly string[], into: string): Promise<RunResult> {
      const argv = [
        ...useTool(tool),
        'install',
        '--index-url',
        index,
        '--target',
        join(home, into),
        '--no-compile',
        ...requirement,
      ]
      return await run(argv, { env, cwd: home })
    },
    async uvInstall(index: string, requirement: readonly string[], into: string): Promise<RunResult> {
      const python = [...useTool('python')][0] ?? 'python3'
      const argv = [
        ...useTool('uv'),
        'pip',
        'install',
        '--python',
        python,
        '--index-url',
        index,
        '--target',
        join(home, into),
        ...requirement,
      ]
      return await run(argv, { env, cwd: home })
    },
    runOk: async (argv: readonly string[], extra: Readonly<Record<string, string>> = {}) =>
      await runOk(argv, { env: { ...env, ...extra }, cwd: home }),
  }
}

/** The index URL with the token in it, as a person pastes it. */
export function indexUrl(server: RunningWheelhouse, token = server.token): string {
  return `${server.url.replace('://', `://__token__:${token}@`)}/simple/`
}

/** A plain upload by HTTP, as the clients make it; `fields` override or remove (undefined). */
export async function post(
  server: RunningWheelhouse,
  file: Distribution & { readonly sha256: string },
  fields: Readonly<Record<string, string | undefined>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const form = new FormData()
  const all = {
    ':action': 'file_upload',
    protocol_version: '1',
    filetype: file.filename.endsWith('.whl') ? 'bdist_wheel' : 'sdist',
    pyversion: file.filename.endsWith('.whl') ? 'py3' : 'source',
    metadata_version: '2.1',
    sha256_digest: file.sha256,
    ...fields,
  }
  for (const [name, value] of Object.entries(all)) if (value !== undefined) form.append(name, value)
  form.append('content', new Blob([Uint8Array.from(file.bytes)], { type: 'application/octet-stream' }), file.filename)
  const authorization = `Basic ${Buffer.from(`__token__:${server.token}`).toString('base64')}`
  return await fetch(`${server.url}/legacy/`, { method: 'POST', body: form, headers: { authorization, ...headers } })
}

interface SimplePage {
  readonly versions: readonly string[]
  readonly files: readonly {
    readonly filename: string
    readonly url: string
    readonly hashes: { readonly sha256: string }
    readonly size: number
  }[]
}

/** The JSON page of a project, or its status where there is none. */
export async function simplePage(server: RunningWheelhouse, project: string): Promise<SimplePage | number> {
  const answer = await fetch(`${server.url}/simple/${project}/`, {
    headers: { authorization: `Bearer ${server.token}`, accept: 'application/vnd.pypi.simple.v1+json' },
  })
  return answer.ok ? ((await answer.json()) as SimplePage) : answer.status
}
