import { z } from 'zod'
import { freezeSchema } from '../deploy/rollout/freezes.ts'
import { serviceName, serviceSchema, sshSchema } from '../deploy/service-definition.ts'
import { isNetwork } from './network.ts'

/** As a person writes it: how to log in, and the channel, may be left to the rest of the file. */
export const serviceSettingsSchema = serviceSchema.extend({
  ssh: sshSchema.partial().default({}),
  subscribe: serviceSchema.shape.subscribe.partial().default({}),
})

export type ServiceSettings = z.infer<typeof serviceSettingsSchema>

const channel = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'use lower-case letters, digits and dashes')

const origin = z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, 'expected an origin, https://app.example.com, or "*"')

/** wheelhouse.yaml. The environment overrides what stands here; `wheelhouse.example.yaml` explains every field. */
export const fileSchema = z.strictObject({
  server: z
    .strictObject({
      host: z.string().optional(),
      port: z.int().min(0).max(65_535).optional(),
      external_url: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
      trusted_proxies: z
        .array(z.string().refine(isNetwork, 'expected an address or a network: 10.0.0.0/8'))
        .default([]),
      tls: z.strictObject({ certificate: z.string().min(1), key: z.string().min(1) }).optional(),
    })
    .prefault({}),
  storage: z
    .strictObject({
      folder: z.string().optional(),
      spool: z.string().optional(),
      redirect_downloads: z.boolean().optional(),
    })
    .default({}),
  access: z
    .strictObject({
      anonymous_read: z.boolean().optional(),
      cors_origins: z.array(origin).default(['*']),
    })
    .prefault({}),
  upload: z
    .strictObject({
      max_bytes: z
        .int()
        .min(1024)
        .max(5 * 1024 ** 3, 'at most 5 GiB: more does not fit one S3 object write')
        .optional(),
      minimum_bytes_per_second: z.int().min(0).optional(),
      allow_local_versions: z.boolean().optional(),
      allow_linux_tags: z.boolean().optional(),
    })
    .default({}),
  freshness_seconds: z.number().min(0).max(60).optional(),
  channels: z.array(channel).min(1, 'expected at least one channel').default(['production']),
  channel_order: z
    .record(channel, z.strictObject({ after: channel, minutes: z.number().min(0).max(525_600).default(0) }))
    .default({}),
  notify: z
    .array(
      z
        .strictObject({
          name: channel,
          webhook: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
          secret_env: z
            .string()
            .regex(/^[A-Z][A-Z0-9_]*$/, 'name an environment variable')
            .optional(),
          log: z.literal(true, 'expected true').optional(),
          services: z.array(z.string().min(1)).optional(),
        })
        .refine(
          ({ webhook, log }) => (webhook === undefined) !== (log === undefined),
          'say either webhook or log: true',
        )
        .refine(({ log, secret_env: secret }) => log === undefined || secret === undefined, {
          error: 'a log has no use for it',
          path: ['secret_env'],
        }),
    )
    .default([]),
  ssh: sshSchema
    .partial()
    .extend({ known_hosts: z.string().min(1).optional() })
    .default({}),
  worker: z
    .strictObject({
      concurrency: z.int().min(1).max(100).default(4),
      lease_seconds: z.number().min(1).max(300).default(30),
      look_seconds: z.number().min(0.1).max(300).default(10),
      stop_seconds: z.number().min(0).max(3_600).default(8),
    })
    .prefault({}),
  retention: z
    .strictObject({
      deploys: z.int().min(1).default(200),
      deploy_days: z.number().min(1).default(365),
      logs: z.int().min(1).default(50),
      log_days: z.number().min(1).default(30),
    })
    .prefault({}),
  sweep: z
    .strictObject({
      orphans_after_hours: z.number().min(0).default(24),
      deleted_after_hours: z.number().min(0).default(168),
      every_minutes: z.number().min(0.01).max(1440).default(60),
    })
    .prefault({}),
  freezes: z.array(freezeSchema).default([]),
  services: z.record(serviceName, serviceSettingsSchema).default({}),
  services_folder: z.string().min(1).optional(),
})

export type FileSettings = z.infer<typeof fileSchema>

const port = z.coerce.number('expected a port number, 0 to 65535').int().min(0).max(65_535)
const truth = z.enum(['true', 'false', '1', '0', 'yes', 'no']).transform((text) => ['true', '1', 'yes'].includes(text))

/** The variables that Wheelhouse knows. An empty one counts as not set, as compose files and units leave them. */
export const environmentSchema = z.object({
  PORT: port.optional(),
  HOST: z.string().optional(),
  WHEELHOUSE_STORAGE: z.string().optional(),
  WHEELHOUSE_SPOOL: z.string().optional(),
  WHEELHOUSE_CONFIG: z.string().optional(),
  WHEELHOUSE_EXTERNAL_URL: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
  WHEELHOUSE_ADMIN_TOKEN: z.string().min(20, 'expected at least 20 characters').optional(),
  WHEELHOUSE_ANONYMOUS_READ: truth.optional(),
  WHEELHOUSE_ALLOW_LOCAL_VERSIONS: truth.optional(),
  WHEELHOUSE_ALLOW_LINUX_TAGS: truth.optional(),
  S3_BUCKET: z.string().optional(),
  S3_PREFIX: z
    .string()
    .regex(/^([A-Za-z0-9._-]+\/)*$/, 'expected a prefix that ends with a slash')
    .optional(),
  S3_REGION: z.string().optional(),
  S3_REDIRECT_DOWNLOADS: truth.optional(),
  S3_ENDPOINT: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }).optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  SSH_AUTH_SOCK: z.string().optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'expected a redis or rediss URL' }).optional(),
})

export type EnvironmentSettings = z.infer<typeof environmentSchema>
