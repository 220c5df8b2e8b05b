import { mkdir } from 'node:fs/promises'
import { type ChannelPages, channelPagesOf } from './channels/channel-pages.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Config } from './config/config.ts'
import { Disposals } from './disposal.ts'
import { ensureAdminToken } from './identity/admin-token.ts'
import { type Authenticator, authenticator } from './identity/authenticate.ts'
import { type Tokens, tokensIn } from './identity/tokens.ts'
import { type Documents, documentsOn } from './objects/documents.ts'
import { freshDocuments } from './objects/fresh-documents.ts'
import type { ObjectStore } from './objects/object-store.ts'
import { catalogIn } from './registry/catalog.ts'
import { type Committer, committerOn } from './registry/committer.ts'
import { type Pages, pagesOf } from './registry/pages.ts'
import { type Projects, projectsIn } from './registry/projects.ts'
import { segmentsIn } from './registry/segments.ts'
import { openStaging, type Staging } from './registry/staging/staging.ts'
import { openStore } from './store.ts'

const mebibyte = 1024 * 1024

/** Everything that routes and commands work with, wired once from a configuration. */
export interface Services extends AsyncDisposable {
  readonly config: Config
  readonly clock: Clock
  readonly store: ObjectStore
  readonly documents: Documents
  readonly tokens: Tokens
  readonly authenticator: Authenticator
  readonly projects: Projects
  readonly committer: Committer
  readonly pages: Pages
  readonly channelPages: ChannelPages
  readonly staging: Staging
  /** Where the first admin token was written, if this store has one in a file. */
  readonly adminTokenFile: string | undefined
}

/** The composition root of a server. `stagingThread` is the compiled `registry/staging/thread.ts`. */
export async function openServices(config: Config, stagingThread: URL): Promise<Services> {
  await using disposals = new Disposals()
  const clock = systemClock
  const store = disposals.use(await openStore(config, 'own')).store
  const documents = documentsOn(store)
  const tokens = tokensIn(documents, clock)
  const adminTokenFile = await firstToken(config, tokens)
  const staging = disposals.use(await openStaging(config.spool, stagingThread, 2))
  const owned = disposals.move()
  return {
    config,
    clock,
    store,
    documents,
    tokens,
    authenticator: identityOn(config, documents, clock),
    ...registryOn(config, documents, clock),
    staging,
    adminTokenFile,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  }
}

async function firstToken(config: Config, tokens: Tokens): Promise<string | undefined> {
  if (config.store.kind !== 'disk' || config.access.adminToken !== undefined) return undefined
  await mkdir(config.store.folder, { recursive: true })
  return await ensureAdminToken(config.store.folder, tokens)
}

/** Where others may revoke a token, what was read of it is believed for two seconds, well within the promised five. */
function identityOn(config: Config, documents: Documents, clock: Clock): Authenticator {
  const maxAge = documents.store.exclusive ? 0 : 2_000
  const fresh = freshDocuments(documents, clock, { maxBytes: 8 * mebibyte, maxAge })
  return authenticator(fresh, clock, config.access.adminToken?.reveal())
}

function registryOn(config: Config, documents: Documents, clock: Clock) {
  const fresh = freshDocuments(documents, clock, { maxBytes: 64 * mebibyte, maxAge: config.freshness })
  const segments = segmentsIn(documents, 64 * mebibyte)
  const catalog = catalogIn(documents)
  const projects = projectsIn(fresh, segments)
  return {
    projects,
    committer: committerOn(documents, catalog, segments),
    pages: pagesOf(projects, catalog, 128 * mebibyte),
    channelPages: channelPagesOf(projects, fresh, 64 * mebibyte),
  }
}
