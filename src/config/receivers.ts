import type { Config } from './config.ts'
import type { Environment } from './environment.ts'
import type { FileSettings } from './file-schema.ts'
import type { Mistake } from './mistakes.ts'
import { Secret } from './secret.ts'

/** `notify:`: secrets come from the environment, by the name of their variable: the file may be read by many. */
export function receiversOf(
  { notify, services }: FileSettings,
  environment: Environment | undefined,
  mistakes: Mistake[],
): Config['receivers'] {
  return notify.map(({ name, webhook, secret_env: variable, services: only }, at) => {
    const path = `notify.${at}`
    if (notify.findIndex((other) => other.name === name) !== at) {
      mistakes.push({ path: `${path}.name`, problem: `"${name}" is there twice` })
    }
    for (const service of only ?? []) {
      if (Object.hasOwn(services, service)) continue
      mistakes.push({ path: `${path}.services`, problem: `there is no service "${service}" among services` })
    }
    const secret = variable === undefined ? undefined : environment?.[variable]
    if (environment !== undefined && variable !== undefined && secret === undefined) {
      mistakes.push({ path: `${path}.secret_env`, problem: `the environment has no ${variable}` })
    }
    const wanted = { name, ...(only === undefined ? {} : { services: only }) }
    if (webhook === undefined) return { ...wanted, log: true }
    return {
      ...wanted,
      url: webhook,
      ...(secret === undefined ? {} : { secret: new Secret(secret) }),
    }
  })
}
