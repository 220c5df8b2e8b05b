import type { Secret } from './secret.ts'

/** Everything that can be set, after defaults and checks; frozen. Sizes are bytes, times milliseconds, unless named. */
export interface Config {
  readonly server: {
    readonly host: string
    readonly port: number
    /** How clients and nodes reach this server, without a slash at the end: "https://pypi.example.com/wheelhouse". */
    readonly externalUrl: string
  }
  readonly store: DiskStoreConfig | S3StoreConfig
  /** Where uploads are spooled. */
  readonly spool: string
  readonly access: { readonly anonymousRead: boolean; readonly adminToken?: Secret }
  readonly upload: { readonly maxFileBytes: number; readonly minimumBytesPerSecond: number }
  /** Of pages and documents read from S3: 0 is always fresh. */
  readonly freshness: number
  /** Names of the channels that releases are promoted to; the first is meant where none is named. */
  readonly channels: readonly string[]
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
