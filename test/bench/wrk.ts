import { runOk } from '../support/run.ts'

export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Requests a second, all answered with 2xx: anything else is no measurement, and throws. */
export async function requestsPerSecond(target: Target, connections: number, seconds: number): Promise<number> {
  const headers = Object.entries(target.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const argv = ['wrk', '-t1', `-c${connections}`, `-d${seconds}s`, ...headers, target.url]
  const { stdout } = await runOk(argv)
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? []
  if (rate === undefined || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${target.url}:\n${stdout}`)
  return Number(rate)
}
