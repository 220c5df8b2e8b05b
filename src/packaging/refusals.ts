/** Why an upload is refused, without the values involved: what `docs/clients.md` lists. */
export interface RefusalReason {
  /** What is wrong and whom it would hurt. */
  readonly means: string
  /** What the uploader does about it. */
  readonly fix: string
}

/** The reasons of one concern by their id, which is stable and in kebab-case. Each stands beside the checks that use it. */
export type RefusalCatalogue = Readonly<Record<string, RefusalReason>>

/** Thrown by a check, and made a value by `refusalProblem` where the concern ends. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: string
  readonly fix: string

  /** `why` goes on after "…is no valid wheel: ", with the values involved and without a full stop. */
  constructor(code: string, why: string, fix: string) {
    super(why)
    this.code = code
    this.fix = fix
  }
}

/** What was wrong, as a sentence for the uploader. */
export interface Problem {
  readonly ok: false
  readonly problem: string
  /** The id of the reason; the sentence ends with it, in brackets. */
  readonly code?: string
}

/** Makes the refusals of one catalogue, so that a check can only name what its catalogue explains. */
export function refusing<Catalogue extends RefusalCatalogue>(catalogue: Catalogue) {
  return (code: keyof Catalogue & string, why: string): Refusal => new Refusal(code, why, catalogue[code]?.fix ?? '')
}

/** `subject` is what is refused, such as "app-1.0.tar.gz is no valid source archive". What is no refusal is thrown on. */
export function refusalProblem(error: unknown, subject: string): Problem {
  if (!(error instanceof Refusal)) throw error
  return { ok: false, code: error.code, problem: `${subject}: ${error.message}. ${error.fix} [${error.code}]` }
}

/** A name out of an archive as a sentence may show it: short, and without characters that a terminal would obey. */
export function shown(name: string): string {
  const plain = name.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?')
  return `"${plain.length > 80 ? `${plain.slice(0, 50)}...${plain.slice(-25)}` : plain}"`
}
