import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The children of a process, and theirs, by pid, as `/proc` has them now. */
export function descendants(pid: number): readonly number[] {
  const parents = new Map(pids().map((one) => [one, parentOf(one)]))
  const below = (parent: number): number[] =>
    [...parents].filter(([, its]) => its === parent).flatMap(([child]) => [child, ...below(child)])
  return below(pid)
}

/** The name of the program as the kernel has it (15 bytes at most); empty for a process that is gone. */
export function programName(pid: number): string {
  return readProc(pid, 'comm').trim()
}

/** Its command line, NUL between the words; empty for a process that is gone, or a zombie. */
export function programArguments(pid: number): string {
  return readProc(pid, 'cmdline')
}

/**
 * Every process that has `folder` in its environment, its command line or as its working directory, but for this one and for
 * those on another terminal: a person may be looking around in there.
 */
export function processesOf(folder: string): readonly number[] {
  const touches = (pid: number) =>
    [readProc(pid, 'environ'), readProc(pid, 'cmdline'), workingDirectory(pid)].some((text) => text.includes(folder))
  const ours = [0, terminalOf(process.pid)]
  return pids().filter((pid) => pid !== process.pid && touches(pid) && ours.includes(terminalOf(pid)))
}

/** Sends KILL to each; one that is gone already is fine. */
export function killAll(targets: readonly number[]): void {
  for (const pid of targets) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)/m.exec(readProc(pid, 'status'))?.[1] ?? -1)
}

/** The controlling terminal as a number; 0 for none. The program's name before it may hold spaces and brackets. */
function terminalOf(pid: number): number {
  return Number(readProc(pid, 'stat').split(') ').at(-1)?.split(' ')[4] ?? 0)
}

/** Processes come and go while one reads, and those of other users may not be read at all: both read as empty. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
