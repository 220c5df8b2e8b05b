import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Credential, masked, SecretMask } from '../../../src/deploy/secret-mask.ts'
import { newTokenId, newTokenText } from '../../../src/identity/token.ts'

const runs = { numRuns: 2_000 }
const token = newTokenText(newTokenId())
const basic = (login: string, password: string) => Buffer.from(`${login}:${password}`).toString('base64')
/** Few letters, so that one begins as another ends. */
const secret = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 2, maxLength: 6 })
const credential: fc.Arbitrary<Credential> = fc.record({ login: fc.constantFrom('me', 'a'), password: secret })
const noise = fc.string({ unit: fc.constantFrom('a', 'b', '/', '%', '2', 'F', 'w', 'h', '\n', '\u{1f600}') })

/** The text in pieces, cut at these places. */
function pieces(text: string, cuts: readonly number[]): readonly string[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b)
  return places.slice(1).map((end, at) => text.slice(places[at], end))
}

function maskedInPieces(parts: readonly string[], credentials: readonly Credential[]): string {
  const mask = new SecretMask(credentials)
  return parts.map((part) => mask.add(part)).join('') + mask.end()
}

describe('what a run printed', () => {
  it('is shown without its secret, in whatever form and wherever it was cut into pieces', () => {
    const known = { login: 'node', password: 'pass/w%rd' }
    const form = fc.constantFrom(
      ...[known.password, encodeURIComponent(known.password), basic(known.login, known.password)],
      ...[token, basic('__token__', token)],
    )
    const text = fc.tuple(noise, form, noise)
    fc.assert(
      fc.property(text, fc.array(fc.nat()), ([before, secret, after], cuts) => {
        const whole = `${before}${secret}${after}`
        expect(maskedInPieces(pieces(whole, cuts), [known])).toBe(`${before}[secret]${after}`)
      }),
      runs,
    )
  })

  it('is the same whole and in pieces, whatever the secrets have in common', () => {
    const texts = fc.tuple(fc.array(credential, { maxLength: 3 }), noise, fc.array(fc.nat()))
    fc.assert(
      fc.property(texts, ([credentials, noise, cuts]) => {
        const whole = [noise, ...credentials.map(({ password }) => password), noise].join('')
        const shown = maskedInPieces(pieces(whole, cuts), credentials)
        expect(shown).toBe(masked(whole, credentials))
        for (const { password } of credentials) expect(shown.replaceAll('[secret]', '|')).not.toContain(password)
      }),
      runs,
    )
  })

  it('comes at once but for what may be the beginning of a secret', () => {
    const mask = new SecretMask([{ login: 'me', password: 'hush-hush' }])
    const seen = ['Collecting app\n', 'it is hu', 'sh', '-hush, ', 'hush', ' now\n'].map((part) => mask.add(part))
    expect(seen).toEqual(['Collecting app\n', 'it is ', '', '[secret], ', '', 'hush now\n'])
    expect(mask.end()).toBe('')
  })

  it('has no token of another worker either, which nobody here was told of', () => {
    expect(masked(`machine index login __token__ password ${token}\n`)).toBe(
      'machine index login __token__ password [secret]\n',
    )
    expect(masked(`Authorization: Basic ${basic('__token__', token)}\r\n`)).toBe('Authorization: Basic [secret]\r\n')
    expect(masked('whl_ is how tokens begin')).toBe('whl_ is how tokens begin')
  })
})
