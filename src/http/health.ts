import Router from '@koa/router'
import type { Clock } from '../clock.ts'
import type { Metrics } from '../observe/metrics.ts'
import { type Dependency, readinessOf } from '../observe/readiness.ts'
import { type Access, requireScope } from './authentication.ts'

export interface HealthPorts {
  readonly clock: Clock
  readonly metrics: Metrics
  readonly dependencies: readonly Dependency[]
}

/**
 * For balancers and monitors. `/healthz`: does the process answer? `/readyz`: can it serve? `/metrics`: for Prometheus,
 * which sends a token as any reader does.
 */
export function healthRoutes({ clock, metrics, dependencies }: HealthPorts, access: Access): Router {
  const router = new Router()
  router.get('/healthz', (context) => {
    context.body = 'ok\n'
  })
  router.get('/readyz', async (context) => {
    const { ready, dependencies: states } = await readinessOf(dependencies, clock)
    context.status = ready ? 200 : 503
    context.set('Cache-Control', 'no-store')
    context.body = { ready, ...states }
  })
  router.get('/metrics', requireScope(access, 'read'), async (context) => {
    context.body = await metrics.text()
    context.set('Content-Type', metrics.contentType)
  })
  return router
}
