import { createHash } from 'node:crypto'
import { post, simplePage } from './index-clients.ts'
import { run } from './run.ts'
import { type RunningWheelhouse, wheelhouseScript } from './wheelhouse.ts'
import { aWheel, type BuiltArchive } from './wheels.ts'

/** What was sent to a server, and what of it was acknowledged: the store must have all of the second and none but the first. */
export class UploadLedger {
  readonly #tried = new Map<string, { readonly archive: BuiltArchive; readonly version: string }>()
  readonly #acknowledged = new Set<string>()
  #unanswered = 0
  readonly #project: string

  constructor(project = 'app') {
    this.#project = project
  }

  get tried(): number {
    return this.#tried.size
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  /** Requests that were cut off: how many of the kills met an upload. */
  get unanswered(): number {
    return this.#unanswered
  }

  /** Uploads the next version. Answers with the status; `undefined` where there was no answer. */
  async next(server: RunningWheelhouse): Promise<number | undefined> {
    const version = `1.${this.#tried.size}`
    const archive = aWheel({
      name: this.#project,
      version,
      files: { [`${this.#project}.py`]: `# ${'x'.repeat(4_000)}` },
    })
    this.#tried.set(archive.filename, { archive, version })
    return await this.#send(server, archive.filename)
  }

  /** Tries again what was not acknowledged, `most` at once, as CI does. */
  async again(server: RunningWheelhouse, most = 5): Promise<void> {
    const open = [...this.#tried.keys()].filter((filename) => !this.#acknowledged.has(filename))
    await Promise.all(open.slice(-most).map((filename) => this.#send(server, filename)))
  }

  async #send(server: RunningWheelhouse, filename: string): Promise<number | undefined> {
    const tried = this.#tried.get(filename)
    if (tried === undefined) throw new Error(`${filename} was never tried`)
    const fields = { name: this.#project, version: tried.version }
    const status = await post(server, tried.archive, fields).then(
      async (answer) => {
        await answer.text()
        return answer.status
      },
      () => undefined,
    )
    if (status === undefined) this.#unanswered += 1
    if (status === 200) this.#acknowledged.add(filename)
    return status
  }

  /** Throws with a sentence where an acknowledged file is missing or changed, or anything is shown that nobody sent. */
  async verify(server: RunningWheelhouse): Promise<void> {
    const page = await simplePage(server, this.#project)
    const files = typeof page === 'number' ? [] : page.files
    const shown = new Set(files.map((file) => file.filename))
    const lost = [...this.#acknowledged].filter((filename) => !shown.has(filename))
    if (lost.length > 0) throw new Error(`Acknowledged and lost: ${lost.join(', ')}`)
    for (const { filename, url, hashes } of files) {
      const sent = this.#tried.get(filename)?.archive
      if (sent?.sha256 !== hashes.sha256) throw new Error(`${filename} is shown, and nobody sent these bytes.`)
      const answer = await fetch(new URL(url, `${server.url}/simple/${this.#project}/`), {
        headers: { authorization: `Bearer ${server.token}` },
      })
      const bytes = Buffer.from(await answer.arrayBuffer())
      const digest = createHash('sha256').update(bytes).digest('hex')
      if (digest !== sent.sha256) throw new Error(`${filename} is listed, and its bytes are others (${answer.status}).`)
    }
    await verifyStore(server)
  }
}

/** Throws with what fsck says where it finds anything. */
export async function verifyStore({ environment, folder }: RunningWheelhouse): Promise<void> {
  const { code, stdout, stderr } = await run([process.execPath, wheelhouseScript, 'fsck'], {
    env: environment,
    cwd: folder,
  })
  if (code !== 0) throw new Error(`fsck ends with ${code}: ${stdout}${stderr}`)
}
