import Router from '@koa/router'
import type { Context } from 'koa'
import type { Clock } from '../clock.ts'
import { allowsEverywhere } from '../identity/scopes.ts'
import type { Metrics } from '../observe/metrics.ts'
import { type Dependency, readinessOf } from '../observe/readiness.ts'
import { type Access, identify, requireScope } from './authentication.ts'

export interface HealthPorts {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly dependencies: readonly Dependency[]
  readonly configuration: { readonly mistakes: readonly string[] }
}

/**
 * For balancers and monitors. `/healthz`: does the process answer? `/readyz`: can it serve? `/metrics`: for Prometheus,
 * which sends a token as any reader does.
 */
export function healthRoutes({ clock, metrics, dependencies, configuration }: HealthPorts, access: Access): Router {
  const router = new Router()
  router.get('/healthz', (context) => {
    context.body = 'ok\n'
  })
  router.get('/readyz', async (context) => {
    const { ready, dependencies: states } = await readinessOf(dependencies, clock)
    context.status = ready ? 200 : 503
    context.set('Cache-Control', 'no-store')
    context.body = { ready, ...states, ...(await mistakesFor(context, configuration.mistakes, access)) }
  })
  router.get('/metrics', requireScope(access, 'read'), async (context) => {
    context.body = await metrics.text()
    context.set('Content-Type', metrics.contentType)
  })
  return router
}

/** Sentences name files and machines: they are for those who may read, and their number is for everybody. */
async function mistakesFor(context: Context, mistakes: readonly string[], access: Access) {
  if (mistakes.length === 0) return {}
  const readers = { ...access, anonymousRead: false }
  const identity = await identify(context, readers, 'read').catch(() => undefined)
  if (identity !== undefined && allowsEverywhere(identity.scopes, 'read')) return { configuration: mistakes }
  return { configuration: `${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'}` }
}
