/** A user and the password that goes with it. */
export interface Credential {
  readonly login: string
  readonly password: string
}

/** What may stand at each place, as parts of regular expressions: one for each UTF-16 code unit. */
type Form = readonly string[]

const shown = '[secret]'

/**
 * Takes secrets out of text that comes in pieces, wherever those are cut: as they are, percent-encoded, and as the header of
 * Basic has them (RFC 7617). Besides those it is told of, every token of ours: a run may have been started by another worker,
 * with a token that nobody knows here.
 */
export class SecretMask {
  #forms: readonly Form[] = tokenForms()
  readonly #known = new Set<string>([''])
  #whole = /(?!)/g
  #begun = /(?!)/
  #pending = ''

  constructor(credentials: readonly Credential[] = []) {
    this.hide(...credentials)
  }

  /** From now on these too. */
  hide(...credentials: readonly Credential[]): void {
    const texts = credentials.flatMap(({ login, password }) => [
      password,
      encodeURIComponent(password),
      base64(`${login}:${password}`),
    ])
    const fresh = [...new Set(texts)].filter((text) => !this.#known.has(text))
    for (const text of fresh) this.#known.add(text)
    const forms = [...this.#forms, ...fresh.map(literally)]
    // Of those that begin alike the longest is meant.
    this.#forms = forms.sort((a, b) => b.length - a.length)
    this.#whole = new RegExp(this.#forms.map((form) => form.join('')).join('|'), 'g')
    this.#begun = new RegExp(this.#forms.map(beginningOf).join('|'))
  }

  /** What of the text so far can be shown: all but an end with which a secret may begin. */
  add(text: string): string {
    this.#pending += text
    const [{ length: longest = 0 } = []] = this.#forms
    const from = Math.max(0, this.#pending.length - longest)
    const begun = this.#pending.slice(from).search(this.#begun)
    return this.#show(begun < 0 ? this.#pending.length : from + begun)
  }

  /** The rest: nothing more comes. */
  end(): string {
    return this.#show(this.#pending.length)
  }

  /** Of a secret that begins before the bound all is there, and it may reach beyond. */
  #show(bound: number): string {
    let [seen, at] = ['', 0]
    for (const { index, 0: secret } of this.#pending.matchAll(this.#whole)) {
      if (index >= bound) break
      seen += this.#pending.slice(at, index) + shown
      at = index + secret.length
    }
    const end = Math.max(at, bound)
    seen += this.#pending.slice(at, end)
    this.#pending = this.#pending.slice(end)
    return seen
  }
}

/** A text that is there whole. */
export function masked(text: string, credentials: readonly Credential[] = []): string {
  const mask = new SecretMask(credentials)
  return mask.add(text) + mask.end()
}

/** See `identity/token.ts`; in Basic with the user that `deploy-credentials.ts` gives it, all of one length. */
function tokenForms(): readonly Form[] {
  return [
    [...literally('whl_'), ...Array(20).fill('[0-9a-z]'), '_', ...Array(43).fill('[A-Za-z0-9_-]')],
    [...literally(base64('__token__:wh')), ...Array(88).fill('[A-Za-z0-9+/]')],
  ]
}

function literally(text: string): Form {
  return text.split('').map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Matches where the text ends before the form does. */
function beginningOf(form: Form): string {
  return form.reduceRight((rest, place) => (rest === '' ? `${place}$` : `${place}(?:$|${rest})`), '')
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}
