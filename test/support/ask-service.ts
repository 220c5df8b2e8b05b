/** What a process of the demo app says of itself. */
export interface Running {
  readonly version: string
  readonly pid: number
  readonly greeting: string | null
}

/** Asks the service under the URL; `undefined` where it does not answer. */
export async function askService(url: string): Promise<Running | undefined> {
  try {
    return (await (await fetch(`${url}/version`)).json()) as Running
  } catch {
    return undefined
  }
}
