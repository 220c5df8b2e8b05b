import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { cachePath } from './cache-folder.ts'

/** Notes that a real client or server took part in this run: `twine 7.0.0 (PyPI)`. Outside of a test run it does nothing. */
export function exercised(label: string): void {
  const file = recordFile()
  // One short append is one write: the workers of a run share the file without a lock.
  if (file !== undefined) appendFileSync(file, `${label}\n`)
}

/** Opens the record of this run; the worker processes find it by the environment that they inherit. */
export function openExercisedRecord(): void {
  mkdirSync(cachePath('runs'), { recursive: true })
  process.env['WHEELHOUSE_TEST_RUN'] = String(process.pid)
}

/** What was exercised since the record was opened, sorted, each once; removes the record. */
export function closeExercisedRecord(): readonly string[] {
  const file = recordFile()
  if (file === undefined || !existsSync(file)) return []
  const labels = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  rmSync(file)
  return [...new Set(labels)].sort()
}

function recordFile(): string | undefined {
  const run = process.env['WHEELHOUSE_TEST_RUN']
  return run === undefined ? undefined : cachePath('runs', `${run}.exercised`)
}
