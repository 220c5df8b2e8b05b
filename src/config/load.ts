import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { channelOrderOf } from './channel-order.ts'
import type { Config, DiskStoreConfig, S3StoreConfig } from './config.ts'
import { commandEnvironment, type Environment } from './environment.ts'
import { type EnvironmentSettings, environmentSchema, type FileSettings, fileSchema } from './file-schema.ts'
import { configurationError, type Mistake } from './mistakes.ts'
import { receiversOf } from './receivers.ts'
import { Secret } from './secret.ts'
import { deployingMistakes } from './service-checks.ts'
import { type GatheredSettings, placesIn, readServicesFolder } from './service-files.ts'
import { servicesOf } from './services.ts'
import { check, parseYaml } from './yaml-file.ts'

export type Role = 'server' | 'worker' | 'command'

const defaultFile = 'wheelhouse.yaml'
const gibibyte = 1024 ** 3
const hour = 3_600_000

/**
 * Environment and file → one frozen configuration. Paths in it are absolute, seen from `folder`. Throws one
 * `configuration` error that names every mistake by its path. A process that deploys needs more than others.
 */
export function loadConfig(environment: Environment, folder: string, role: Role = 'command'): Config {
  const mistakes: Mistake[] = []
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const variables = check(environmentSchema, given, mistakes)
  // Found even where other variables are wrong, so that the file's mistakes are named along with theirs.
  const named = given['WHEELHOUSE_CONFIG']
  const path = resolve(folder, named ?? defaultFile)
  const alone = readFile(path, named !== undefined, mistakes)
  const file = alone && readServicesFolder(alone, folder, mistakes)
  // Commands beside a server tell nobody, and need no secrets for it.
  const secrets = role === 'command' ? undefined : given
  const config = variables && file && assemble({ env: variables, file, secrets }, folder, mistakes)
  if (
    config !== undefined &&
    file !== undefined &&
    (role === 'worker' || (role === 'server' && config.worker.inServer))
  ) {
    const isDefault = (variables?.WHEELHOUSE_EXTERNAL_URL ?? file.server.external_url) === undefined
    mistakes.push(
      ...deployingMistakes(
        config.services,
        placesIn(file),
        { url: config.server.externalUrl, isDefault },
        config.sshAgent,
      ),
    )
  }
  if (config === undefined || mistakes.length > 0) throw configurationError(sourcesOf(path), mistakes)
  return deepFreeze({ ...config, commandEnvironment: commandEnvironment(given) })
}

function sourcesOf(path: string): string {
  return existsSync(path) ? `environment and ${path}` : 'environment'
}

function readFile(path: string, required: boolean, mistakes: Mistake[]): FileSettings | undefined {
  if (!existsSync(path)) {
    if (required) mistakes.push({ path: 'WHEELHOUSE_CONFIG', problem: `there is no file ${path}` })
    return fileSchema.parse({})
  }
  const parsed = parseYaml(path, mistakes)
  return parsed === undefined ? undefined : check(fileSchema, parsed.value, mistakes)
}

interface Sources {
  readonly env: EnvironmentSettings
  readonly file: GatheredSettings
  /** Variables that the file names. */
  readonly secrets: Environment | undefined
}

function assemble(
  { env, file, secrets }: Sources,
  folder: string,
  mistakes: Mistake[],
): Omit<Config, 'commandEnvironment'> {
  const host = env.HOST ?? file.server.host ?? '127.0.0.1'
  const port = env.PORT ?? file.server.port ?? 8080
  const tls = tlsOf(file, folder)
  const external =
    env.WHEELHOUSE_EXTERNAL_URL ?? file.server.external_url ?? localUrl(tls ? 'https' : 'http', host, port)
  const store = storeOf(env, file, folder, mistakes)
  const spool = env.WHEELHOUSE_SPOOL ?? file.storage.spool
  const ownSpool = store.kind === 'disk' ? resolve(store.folder, 'spool') : '/var/tmp/wheelhouse-spool'
  return {
    server: {
      host,
      port,
      externalUrl: external.replace(/\/+$/, ''),
      trustedProxies: file.server.trusted_proxies,
      ...(tls === undefined ? {} : { tls }),
    },
    store,
    spool: spool === undefined ? ownSpool : resolve(folder, spool),
    redirectDownloads: redirectDownloads(env, file, store, mistakes),
    access: accessOf(env, file),
    upload: uploadOf(env, file),
    freshness: (file.freshness_seconds ?? 0) * 1000,
    channels: file.channels,
    channelOrder: channelOrderOf(file, mistakes),
    receivers: receiversOf(file, secrets, mistakes),
    services: servicesOf(file, folder, external, mistakes),
    knownHosts: file.ssh.known_hosts === undefined ? undefined : resolve(folder, file.ssh.known_hosts),
    sshAgent: env.SSH_AUTH_SOCK,
    redisUrl: env.REDIS_URL === undefined ? undefined : new Secret(env.REDIS_URL),
    worker: {
      inServer: store.kind === 'disk' || env.REDIS_URL === undefined,
      concurrency: file.worker.concurrency,
      leaseSeconds: file.worker.lease_seconds,
      lookSeconds: file.worker.look_seconds,
      stopSeconds: file.worker.stop_seconds,
    },
    retention: retentionOf(file),
    sweep: {
      orphansAfter: file.sweep.orphans_after_hours * hour,
      deletedAfter: file.sweep.deleted_after_hours * hour,
      every: file.sweep.every_minutes * 60_000,
    },
  }
}

function retentionOf({ retention }: FileSettings): Config['retention'] {
  const { deploys, deploy_days, logs, log_days } = retention
  return { deploys, deploysFor: deploy_days * 24 * hour, logs, logsFor: log_days * 24 * hour }
}

function uploadOf(env: EnvironmentSettings, { upload }: FileSettings): Config['upload'] {
  return {
    maxFileBytes: upload.max_bytes ?? 2 * gibibyte,
    minimumBytesPerSecond: upload.minimum_bytes_per_second ?? 1024,
    allowLocalVersions: env.WHEELHOUSE_ALLOW_LOCAL_VERSIONS ?? upload.allow_local_versions ?? true,
    allowLinuxTags: env.WHEELHOUSE_ALLOW_LINUX_TAGS ?? upload.allow_linux_tags ?? true,
  }
}

function redirectDownloads(
  env: EnvironmentSettings,
  file: FileSettings,
  { kind }: DiskStoreConfig | S3StoreConfig,
  mistakes: Mistake[],
): boolean {
  const wanted = env.S3_REDIRECT_DOWNLOADS ?? file.storage.redirect_downloads ?? false
  if (wanted && kind === 'disk') {
    mistakes.push({ path: 'storage.redirect_downloads', problem: 'is for S3 alone, and S3_BUCKET is not set' })
  }
  return wanted
}

function accessOf(env: EnvironmentSettings, file: FileSettings): Config['access'] {
  const anonymousRead = env.WHEELHOUSE_ANONYMOUS_READ ?? file.access.anonymous_read ?? false
  const token = env.WHEELHOUSE_ADMIN_TOKEN
  const open = { anonymousRead, corsOrigins: file.access.cors_origins }
  return token === undefined ? open : { ...open, adminToken: new Secret(token) }
}

function storeOf(
  env: EnvironmentSettings,
  file: FileSettings,
  folder: string,
  mistakes: Mistake[],
): DiskStoreConfig | S3StoreConfig {
  if (env.S3_BUCKET === undefined) {
    return { kind: 'disk', folder: resolve(folder, env.WHEELHOUSE_STORAGE ?? file.storage.folder ?? 'storage') }
  }
  const [id, secret] = [env.S3_ACCESS_KEY_ID, env.S3_SECRET_ACCESS_KEY]
  if ((id === undefined) !== (secret === undefined)) {
    mistakes.push({ path: 'S3_SECRET_ACCESS_KEY', problem: 'S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY go together' })
  }
  return {
    kind: 's3',
    bucket: env.S3_BUCKET,
    prefix: env.S3_PREFIX ?? '',
    region: env.S3_REGION ?? 'us-east-1',
    ...(env.S3_ENDPOINT === undefined ? {} : { endpoint: env.S3_ENDPOINT }),
    ...(id === undefined || secret === undefined
      ? {}
      : { credentials: { accessKeyId: id, secretAccessKey: new Secret(secret) } }),
  }
}

function tlsOf({ server: { tls } }: FileSettings, folder: string): Config['server']['tls'] {
  return tls && { certificate: resolve(folder, tls.certificate), key: resolve(folder, tls.key) }
}

function localUrl(scheme: string, host: string, port: number): string {
  const reachable = ['0.0.0.0', '::', ''].includes(host) ? '127.0.0.1' : host
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Secret)) {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}
