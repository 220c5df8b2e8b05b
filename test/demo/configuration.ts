import type { DemoNodes } from './nodes.ts'

/** The wheelhouse.yaml of the demo, as a person would write it; its times are short, for a service that starts at once. */
export function demoConfiguration(port: number, { all, key }: DemoNodes): string {
  const nodes = all.map(({ name, node, service }) => {
    const vars = `vars: { http: "${service.port}" }`
    return `        - { name: ${name}, address: ${node.host}, port: ${node.port}, root: ${service.root}, ${vars} }`
  })
  return `server: { port: ${port} }
ssh: { user: ${all[0]?.node.user}, key: ${key} }
services:
  web:
    project: app
    fleet:
      nodes:
${nodes.join('\n')}
    root: /srv/app # on real machines the same everywhere
    indexes: [self]
    restart: { command: ["{root}/restart-app.sh"] } # or systemd: app.service
    verify: { url: "http://127.0.0.1:{http}/version", probes: 3, interval_seconds: 0.3, timeout_seconds: 5 }
    rollout: { soak_seconds: 1 }
`
}
