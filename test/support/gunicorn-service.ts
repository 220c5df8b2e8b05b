import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOk } from './run.ts'
import { toolPaths, useTool } from './tools.ts'
import { aWheel, type BuiltArchive } from './wheels.ts'

/** A WSGI application that says what its worker loaded; a broken one cannot be imported. */
export function wsgiApp(version: string, broken = false): BuiltArchive {
  const source = `${broken ? 'import a_module_that_nobody_installed' : ''}
import json, os
VERSION = ${JSON.stringify(version)}
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"version": VERSION, "pid": os.getpid()}).encode()]
`
  return aWheel({ name: 'app', version, files: { 'app/__init__.py': '', 'app/wsgi.py': source } })
}

/** The argv of gunicorn, in the background, from the environment of a node, with placeholders. */
export const gunicornStart = [
  ...'{root}/venv/bin/python -m gunicorn --daemon --workers 2 --pid {root}/app.pid'.split(' '),
  ...['--bind', '127.0.0.1:{http}', 'app.wsgi:application'],
]

/** An environment as a team has it before it knows us, with a release of its own, and gunicorn, whom no lock of ours names. */
export async function gunicornByHand(root: string, wheel: BuiltArchive): Promise<void> {
  const venv = join(root, 'venv')
  await runOk([toolPaths().python, '-m', 'venv', '--without-pip', venv])
  const path = join(root, wheel.filename)
  await writeFile(path, wheel.bytes)
  const pip = [...useTool('pipNew'), '--python', join(venv, 'bin', 'python')]
  await runOk([...pip, 'install', '-q', '--no-deps', path])
  const [python = ''] = useTool('gunicorn')
  const code = 'import sysconfig; print(sysconfig.get_path("purelib"))'
  const [theirs, ours] = await Promise.all(
    [python, join(venv, 'bin', 'python')].map(async (one) => (await runOk([one, '-c', code])).stdout.trim()),
  )
  await writeFile(join(ours ?? '', 'gunicorn.pth'), `${theirs}\n`)
}
