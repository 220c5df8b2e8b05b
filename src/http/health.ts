import Router from '@koa/router'

/** For balancers and the container's health check: does the process answer? */
export function healthRoutes(): Router {
  const router = new Router()
  router.get('/healthz', (context) => {
    context.body = 'ok\n'
  })
  return router
}
