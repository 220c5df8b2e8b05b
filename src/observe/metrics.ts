import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What is counted for operators. No label takes its value from a request: neither projects nor paths nor tokens. */
export interface Metrics {
  /** `route` is the pattern that matched. */
  request(method: string, route: string, status: number, seconds: number): void
  upload(outcome: 'created' | 'same' | 'refused'): void
  pageCache(hit: boolean): void
  storage(operation: string, ok: boolean, seconds: number): void
  queueReopened(): void
  /** Asked at each reading: how many nodes of a service stand how. Services have their names from the configuration. */
  nodes(look: () => Promise<readonly NodeCount[]>): void
  /** As Prometheus reads it. */
  text(): Promise<string>
  readonly contentType: string
}

export interface NodeCount {
  readonly service: string
  readonly standing: string
  readonly count: number
}

export function openMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const requests = new Histogram({
    name: 'wheelhouse_http_request_seconds',
    help: 'Time until an answer began, by method, route and status.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  })
  const uploads = new Counter({
    name: 'wheelhouse_uploads_total',
    help: 'Uploaded files: new ones, ones that were there already, and refused ones.',
    labelNames: ['outcome'],
    registers,
  })
  const pages = new Counter({
    name: 'wheelhouse_page_cache_total',
    help: 'Index pages: found finished, or made.',
    labelNames: ['result'],
    registers,
  })
  const storage = new Histogram({
    name: 'wheelhouse_storage_seconds',
    help: 'Calls of the store, by operation and outcome.',
    labelNames: ['operation', 'outcome'],
    buckets: [0.0005, 0.002, 0.01, 0.05, 0.2, 1, 5, 30],
    registers,
  })
  const reopened = new Counter({
    name: 'wheelhouse_queue_reopened_total',
    help: 'How often the consumer of the queue was opened anew, as it took nothing though jobs waited.',
    registers,
  })
  const [hits, misses] = [pages.labels('hit'), pages.labels('miss')]
  return {
    request: (method, route, status, seconds) => requests.labels(method, route, String(status)).observe(seconds),
    upload: (outcome) => uploads.labels(outcome).inc(),
    pageCache: (hit) => (hit ? hits : misses).inc(),
    storage: (operation, ok, seconds) => storage.labels(operation, ok ? 'ok' : 'error').observe(seconds),
    queueReopened: () => reopened.inc(),
    nodes: (look) => void nodeGauge(registry, look),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}

function nodeGauge(registry: Registry, look: () => Promise<readonly NodeCount[]>): Gauge {
  return new Gauge({
    name: 'wheelhouse_service_nodes',
    help: 'Nodes of a service when they were last looked at, by how they stand: ok, other, silent, empty, unreachable.',
    labelNames: ['service', 'standing'],
    registers: [registry],
    async collect() {
      const counts = await look()
      this.reset()
      for (const { service, standing, count } of counts) this.labels(service, standing).set(count)
    },
  })
}
