import { parseVersion } from '../packaging/versions.ts'

/** Whether a service means a version, however somebody once typed it: `v1.4.0-rc1` is 1.4.0rc1, 1.4 is 1.4.0 (PEP 440). */
export function isSameVersion(told: string, version: string): boolean {
  const [a, b] = [parseVersion(told), parseVersion(version)]
  return a === undefined || b === undefined ? told === version : a.key === b.key
}
