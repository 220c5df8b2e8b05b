import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOk } from './run.ts'

export interface SshKey {
  readonly privateKeyPath: string
  /** `ssh-ed25519 AAAA… comment`. */
  readonly publicKey: string
}

/** An Ed25519 key without a passphrase, made by OpenSSH's own `ssh-keygen`. */
export async function generateSshKey(folder: string, name = 'id_ed25519'): Promise<SshKey> {
  const privateKeyPath = join(folder, name)
  await runOk(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', privateKeyPath])
  return { privateKeyPath, publicKey: (await readFile(`${privateKeyPath}.pub`, 'utf8')).trim() }
}
