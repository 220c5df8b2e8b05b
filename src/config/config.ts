import type { ChannelOrder } from '../deploy/channel-order.ts'
import type { ServiceDefinition } from '../deploy/service-definition.ts'
import type { LogReceiver, Receiver, Webhook } from '../notify/model.ts'
import type { Secret } from './secret.ts'

/** Everything that can be set, after defaults and checks; frozen. Sizes are bytes, times milliseconds, unless named. */
export interface Config {
  readonly server: {
    readonly host: string
    readonly port: number
    /** How clients and nodes reach this server, without a slash at the end: "https://pypi.example.com/wheelhouse". */
    readonly externalUrl: string
    /** Addresses and networks whose `X-Forwarded-For` is believed. */
    readonly trustedProxies: readonly string[]
    /** PEM files. */
    readonly tls?: { readonly certificate: string; readonly key: string }
  }
  readonly store: DiskStoreConfig | S3StoreConfig
  /** Where uploads are spooled. */
  readonly spool: string
  /** Whether clients fetch files from the S3 server itself, by URLs signed for them. */
  readonly redirectDownloads: boolean
  readonly access: {
    readonly anonymousRead: boolean
    readonly adminToken?: Secret
    /** Sites whose scripts may read; `*` for all. */
    readonly corsOrigins: readonly string[]
  }
  readonly upload: {
    readonly maxFileBytes: number
    readonly minimumBytesPerSecond: number
    readonly allowLocalVersions: boolean
    readonly allowLinuxTags: boolean
  }
  /** Of pages and documents read from S3: 0 is always fresh. */
  readonly freshness: number
  /** Names of the channels that releases are promoted to; the first is meant where none is named. */
  readonly channels: readonly string[]
  /** By channel: the one that a release comes from, and for how long it must have been stable there. */
  readonly channelOrder: ChannelOrder
  /** Who is told how deploys end. */
  readonly receivers: readonly (Receiver & (Webhook | LogReceiver))[]
  /** By name. */
  readonly services: Readonly<Record<string, ServiceDefinition>>
  /** Path of a file as OpenSSH has it, besides the hosts that were trusted by command. */
  readonly knownHosts: string | undefined
  /** The socket of the SSH agent of whoever started us. */
  readonly sshAgent: string | undefined
  /** Wakes workers and carries news between processes; they keep to themselves without it. May hold a password. */
  readonly redisUrl: Secret | undefined
  readonly worker: {
    /** Whether the server carries deploys too: it does where there can be no other worker, or none would be woken. */
    readonly inServer: boolean
    readonly concurrency: number
    readonly leaseSeconds: number
    readonly lookSeconds: number
    /** How long what is in hand may take once the process is told to stop. */
    readonly stopSeconds: number
  }
  /** For commands of the operator's that a worker runs on its own machine. */
  readonly commandEnvironment: Readonly<Record<string, string>>
  /** Of the deploys of each service. */
  readonly retention: {
    /** So many of the newest stay, and what is no older than so long. */
    readonly deploys: number
    readonly deploysFor: number
    /** Those of them that keep what their nodes printed. */
    readonly logs: number
    readonly logsFor: number
  }
  readonly sweep: {
    /** Bytes that no upload came to use may go when they are so old. */
    readonly orphansAfter: number
    /** Deleted files may be restored for so long. */
    readonly deletedAfter: number
    /** Between two looks. */
    readonly every: number
  }
}

export interface DiskStoreConfig {
  readonly kind: 'disk'
  readonly folder: string
}

export interface S3StoreConfig {
  readonly kind: 's3'
  readonly bucket: string
  readonly prefix: string
  readonly region: string
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: Secret }
}
