import type { Duplex, Readable } from 'node:stream'

/** Where to log in, and as whom. */
export interface HostTarget {
  /** How people call it, for messages. */
  readonly name: string
  readonly address: string
  readonly port: number
  readonly user: string
  /** Path of the private key on this machine; absent where an agent has it. */
  readonly keyPath?: string | undefined
  /** The socket of an SSH agent on this machine, or that of our own environment. */
  readonly agent?: true | string | undefined
  /** For TCP, handshake and login together. */
  readonly connectSeconds: number
  /** Through which one logs in, in order, the nearest first; each with the same key or agent. */
  readonly jump?: readonly JumpHost[] | undefined
  /** Whether it is one itself: nobody runs anything there. */
  readonly isJumpHost?: boolean
  /** Whose node it is: where many wait for their turn, fleets take turns. */
  readonly fleet?: string
}

export interface JumpHost {
  readonly address: string
  readonly port: number
  readonly user: string
}

export interface RunOptions {
  /** The script's standard input, all of it or as it comes: the only way for secrets. */
  readonly input?: string | Readable
  readonly timeoutSeconds?: number
  readonly signal?: AbortSignal
  /** Standard output as it comes, in bytes: what is cut in the middle of a character has no text yet. */
  readonly onOutput?: (bytes: Buffer) => void
}

export interface RunResult {
  /** 0 to 255; 128 + n where signal n ended it. */
  readonly code: number
  /** Head and tail, where there was more than 2 MiB. */
  readonly stdout: string
  readonly stderr: string
}

/** A port of 127.0.0.1 on a host; given back on dispose. */
export interface ReversePort extends AsyncDisposable {
  readonly port: number
}

/**
 * A machine of a fleet that runs POSIX shell scripts.
 *
 * Contract (test/contract/remote-host.ts): `run` resolves with the exit status of a script that ended, whatever it is.
 * Rejects with `outcome-unknown` where the connection was lost, the time was up or the signal came after the script may
 * have begun: it may be running still, may have ended either way. What login scripts print is not part of the output.
 * Several scripts may run at once on one host.
 *
 * `listen` opens a port on the loopback there, any that is free where it is 0, whose connections come to us. Rejects with
 * `forwarding-refused` where the host does not let us, or has no such port to give, and with `outcome-unknown` as above.
 */
export interface RemoteHost extends AsyncDisposable {
  run(script: string, options?: RunOptions): Promise<RunResult>
  listen(port: number, take: (connection: Duplex) => void): Promise<ReversePort>
}

export interface ConnectOptions {
  readonly signal?: AbortSignal | undefined
  /** Told how long others were served first, in milliseconds: no time in which the host was out of reach. */
  readonly waited?: (milliseconds: number) => void
}

/**
 * Each jump host is verified as strictly as the host itself. Errors of `connect`, after which nothing has run: `host-unreachable`,
 * `host-authentication`, and before any login `host-key-unknown` and `host-key-changed`. What is at fault is named: a jump host as one.
 */
export interface RemoteHosts {
  connect(target: HostTarget, options?: ConnectOptions): Promise<RemoteHost>
}
