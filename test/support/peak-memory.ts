import { readFileSync } from 'node:fs'

/** Bytes: the most that a process ever had resident (proc(5), VmHWM). */
export function peakMemory(pid: number): number {
  const [, kibibytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) * 1024
}
