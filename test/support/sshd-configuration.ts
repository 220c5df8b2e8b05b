import { hermeticPythonEnv } from './python-env.ts'

export interface SshdSettings {
  /** Holds `host_key` and `authorized_keys`. */
  readonly folder: string
  readonly port: number
  /** The environment of every session. */
  readonly environment: Readonly<Record<string, string>>
  readonly usePam: boolean
  readonly maxSessions: number
  readonly maxStartups: string
}

export function sshdConfiguration(settings: SshdSettings): string {
  const { folder, port, environment, usePam, maxSessions, maxStartups } = settings
  return `
Port ${port}
ListenAddress 127.0.0.1
HostKey ${folder}/host_key
AuthorizedKeysFile ${folder}/authorized_keys
PidFile none
StrictModes no
UsePAM ${usePam ? 'yes' : 'no'}
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PermitUserRC no
PermitUserEnvironment no
PrintMotd no
PrintLastLog no
UseDNS no
LogLevel VERBOSE
MaxStartups ${maxStartups}
MaxSessions ${maxSessions}
Subsystem sftp internal-sftp
SetEnv ${Object.entries(environment)
    .map(([name, value]) => `"${name}=${value}"`)
    .join(' ')}
`
}

export function nodePath(folder: string): string {
  return `${folder}/bin:/usr/local/bin:/usr/bin:/bin`
}

/**
 * What a session on the node finds: its own HOME, so that no start-up file or pip configuration of this machine is read, and
 * its own `python3` first. SetEnv may stand once only: of several, the first counts.
 */
export function nodeEnvironment(folder: string, extra: Readonly<Record<string, string>>): Record<string, string> {
  return {
    ...hermeticPythonEnv(`${folder}/home`),
    PATH: nodePath(folder),
    TMPDIR: `${folder}/tmp`,
    ...extra,
  }
}
