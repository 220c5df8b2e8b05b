import type { Context } from 'koa'
import { DomainError } from '../errors.ts'
import { parseProjectName } from '../packaging/names.ts'

/** The normal form of the project that a path names. */
export function projectIn(context: Context): string {
  const raw = String(context['params']['project'])
  const project = parseProjectName(raw)
  if (project !== undefined) return project
  throw new DomainError('project-not-found', `"${raw.slice(0, 100)}" is no valid project name.`)
}
