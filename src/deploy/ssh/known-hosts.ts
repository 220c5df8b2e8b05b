import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

/** One line of an OpenSSH `known_hosts` file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export interface KnownHost {
  readonly marker: 'revoked' | 'cert-authority' | undefined
  /** Comma-separated patterns, or one hashed name. */
  readonly hosts: string
  /** "ssh-ed25519". */
  readonly type: string
  /** The public key as on the wire (RFC 4253 6.6). */
  readonly key: Buffer
  /** Where it stands; absent where it was recorded by command. */
  readonly at?: { readonly file: string; readonly line: number }
}

/** All that is known of host keys, read anew each time. */
export type KnownHosts = () => Promise<readonly KnownHost[]>

/**
 * What a host's key is worth. `certificate-authority`: the host is known by the authority that signs its key only, and
 * ssh2 cannot check certificates.
 */
export type HostKeyVerdict = 'trusted' | 'unknown' | 'changed' | 'revoked' | 'certificate-authority'

/** What is known of a key, and the entries that say so, unless it is trusted or nothing is known. */
export interface HostKeyJudgement {
  readonly verdict: HostKeyVerdict
  readonly against: readonly KnownHost[]
}

/** Reads a whole file; lines that are no entries are passed over, as OpenSSH does. */
export function parseKnownHosts(text: string, file?: string): KnownHost[] {
  return text.split('\n').flatMap((line, before) => {
    const words = line.trim().split(/[ \t]+/)
    if (words[0] === '' || words[0]?.startsWith('#')) return []
    const marker = words[0]?.startsWith('@') ? words.shift()?.slice(1) : undefined
    const [hosts, type, encoded] = words
    if (marker !== undefined && marker !== 'revoked' && marker !== 'cert-authority') return []
    if (hosts === undefined || type === undefined || encoded === undefined) return []
    const key = Buffer.from(encoded, 'base64')
    const at = file === undefined ? {} : { at: { file, line: before + 1 } }
    return typeOf(key) === type ? [{ marker, hosts, type, key, ...at }] : []
  })
}

/** Is this the key that the host is known by, by its entries? A revoked key is refused whatever else is said of it. */
export function judgeHostKey(here: readonly KnownHost[], key: Buffer): HostKeyJudgement {
  const revoked = here.filter((entry) => entry.marker === 'revoked' && sameKey(entry.key, key))
  if (revoked.length > 0) return { verdict: 'revoked', against: revoked }
  const plain = here.filter((entry) => entry.marker === undefined)
  if (plain.some((entry) => sameKey(entry.key, key))) return { verdict: 'trusted', against: [] }
  if (plain.length > 0) return { verdict: 'changed', against: plain }
  const authorities = here.filter((entry) => entry.marker === 'cert-authority')
  return { verdict: authorities.length > 0 ? 'certificate-authority' : 'unknown', against: authorities }
}

/**
 * Key types that the host is known by. They must be offered first: a server picks by the client's order, and would
 * otherwise show a key of another type, which looks like a changed one (OpenSSH reorders for the same reason).
 */
export function keyTypesOf(here: readonly KnownHost[]): string[] {
  const plain = here.filter((entry) => entry.marker === undefined)
  return [...new Set(plain.map((entry) => entry.type))]
}

/** As `ssh-keygen -l` shows it: "SHA256:" and unpadded base64. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** A line to be recorded. */
export function knownHostsLine(host: string, port: number, key: Buffer): string {
  return `${nameOf(host, port)} ${typeOf(key)} ${key.toString('base64')}`
}

/** "line 3 of /etc/wheelhouse/known_hosts". */
export function placeOf({ at }: KnownHost): string {
  return at === undefined ? 'recorded by wheelhouse hosts trust' : `line ${at.line} of ${at.file}`
}

/** The type stands at the start of the key itself (RFC 4253 6.6: string, then the rest). */
export function typeOf(key: Buffer): string | undefined {
  if (key.length < 4) return undefined
  const length = key.readUInt32BE(0)
  return length > 100 || key.length < 4 + length ? undefined : key.toString('latin1', 4, 4 + length)
}

/** The entries of a host. Hashed names cost a digest each, so that one looks for them once a connection. */
export function entriesFor(known: readonly KnownHost[], host: string, port: number): KnownHost[] {
  const name = nameOf(host.toLowerCase(), port)
  return known.filter(({ hosts }) => (hosts.startsWith('|') ? matchesHash(hosts, name) : matchesPatterns(hosts, name)))
}

/** "[host]:port" where the port is not 22. */
function nameOf(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`
}

/** `|1|salt|hash`: HMAC-SHA1 of the name under the salt, both base64. */
function matchesHash(hashed: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = hashed.split('|')
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return version === '1' && expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** Some pattern fits, and none of those with a "!" does (ssh_config(5), PATTERNS). */
function matchesPatterns(patterns: string, name: string): boolean {
  // Most are plain names, and there may be thousands.
  if (!/[*?!,]/.test(patterns)) return patterns.toLowerCase() === name
  const all = patterns.toLowerCase().split(',')
  const negated = all.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1))
  if (negated.some((pattern) => matchesPattern(pattern, name))) return false
  return all.some((pattern) => !pattern.startsWith('!') && matchesPattern(pattern, name))
}

function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(`^${source}$`).test(name)
}

function sameKey(a: Buffer, b: Buffer): boolean {
  return a.equals(b)
}
