import { readFile } from 'node:fs/promises'
import ssh2, { type ConnectConfig } from 'ssh2'
import { DomainError, messageOf } from '../../errors.ts'
import type { HostTarget } from '../remote-host.ts'
import { fingerprintOf } from './known-hosts.ts'

/** What a host is logged in to with. */
export interface Credentials {
  /** For ssh2. One way and no other: each failed offer counts against MaxAuthTries and PerSourcePenalties. */
  readonly settings: Pick<ConnectConfig, 'privateKey' | 'agent' | 'authHandler'>
  /** In the middle of a sentence: "does not let deploy log in with …". */
  readonly name: string
  /** What of it belongs into authorized_keys, where a sentence goes on. */
  readonly half: string
}

/** Rejects with `host-authentication` where there is nothing to log in with. `ownAgent` is the socket that our environment names. */
export async function credentialsOf(target: HostTarget, ownAgent: string | undefined): Promise<Credentials> {
  if (target.agent === undefined) return await fromFile(target)
  const socket = target.agent === true ? ownAgent : target.agent
  if (socket !== undefined) return await fromAgent(target, socket)
  const why =
    'has no SSH agent: SSH_AUTH_SOCK is not set where this process was started. Set it, or name the socket in ssh.agent'
  throw new DomainError('host-authentication', `Whoever logs in to ${target.name} ${why}.`, { host: target.name })
}

/** What the agent holds is asked for beforehand: an agent that is away, and one without keys, are told apart from a key that is not let in. */
async function fromAgent({ name }: HostTarget, socket: string): Promise<Credentials> {
  const unusable = (why: string) =>
    new DomainError('host-authentication', `The SSH agent at ${socket} ${why}`, { host: name })
  const keys = await identitiesOf(socket).catch((error: unknown) => {
    throw unusable(
      `cannot be asked for a key for ${name}: ${messageOf(error)}. Is it running, and may the user of this process open its socket?`,
    )
  })
  if (keys.length === 0) throw unusable(`holds no key that could be used for ${name}. Add one there: ssh-add PATH`)
  const several = keys.length > 1
  const shown = [...keys.slice(0, 3).map(fingerprintOf), ...(keys.length > 3 ? ['…'] : [])].join(', ')
  return {
    settings: { agent: new ssh2.OpenSSHAgent(socket), authHandler: ['agent'] },
    name: `${several ? `any of the ${keys.length} keys` : 'the key'} of the SSH agent at ${socket} (${shown})`,
    half: several ? 'the public half of one' : 'its public half',
  }
}

/** Seconds. An agent asks nobody before it tells what it holds. */
const patience = 5

/** As SSH has them. Rejects where nobody answers at the socket. */
async function identitiesOf(socket: string): Promise<readonly Buffer[]> {
  let timer: NodeJS.Timeout | undefined
  const answered = new Promise<readonly Buffer[]>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer in ${patience} s`)), patience * 1000)
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys = []) => {
      if (error) reject(error)
      else resolve(keys.flatMap((key) => ('getPublicSSH' in key ? [key.getPublicSSH()] : [])))
    })
  })
  return await answered.finally(() => clearTimeout(timer))
}

async function fromFile({ keyPath = '', name }: HostTarget): Promise<Credentials> {
  const unusable = (why: string) =>
    new DomainError('host-authentication', `The private key ${keyPath} for ${name} cannot be ${why}`, { host: name })
  const privateKey = await readFile(keyPath).catch((error: unknown) => {
    throw unusable(`read: ${messageOf(error)}.`)
  })
  const key = ssh2.utils.parseKey(privateKey)
  if (key instanceof Error) {
    const how =
      'It has to be an OpenSSH or PEM key, without a passphrase; one that has one can be used through an SSH agent'
    throw unusable(`used: ${key.message}. ${how} (ssh.agent in place of ssh.key).`)
  }
  if (!key.isPrivateKey()) throw unusable('used: it is the public half.')
  return { settings: { privateKey, authHandler: ['publickey'] }, name: `the key ${keyPath}`, half: 'its public half' }
}
