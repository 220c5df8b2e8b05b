import type { Config } from '../config/config.ts'
import { loadConfig, type Role } from '../config/load.ts'
import { isDomainError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Core } from '../services.ts'
import type { Terminal } from './command.ts'

/**
 * Reads the configuration anew at each SIGHUP, and takes the services of it. Where anything in it is a mistake all stays as it was,
 * and each mistake is told. What else was changed takes a restart, and is named.
 */
export function reloadOnHangUp(
  terminal: Terminal,
  role: Role,
  { config, definitions, configuration }: Pick<Core, 'config' | 'definitions' | 'configuration'>,
  log: Pick<Log, 'info' | 'error'>,
): void {
  terminal.onHangUp(() => {
    try {
      const next = loadConfig(terminal.environment, terminal.folder, role)
      const change = changeOf(definitions.services, next.services)
      definitions.replace(next.services)
      configuration.mistakes = []
      log.info(`The configuration was read anew: ${change}.`)
      const others = changedBesides(config, next)
      if (others.length > 0) log.error(`Changed besides the services, and not taken up before a restart: ${others}.`)
    } catch (error) {
      // Whatever it is, a server that runs is not ended by it.
      const mistakes = isDomainError(error, 'configuration') ? error.details['mistakes'] : undefined
      configuration.mistakes = Array.isArray(mistakes) ? mistakes : [messageOf(error)]
      for (const mistake of configuration.mistakes) log.error(`The configuration has a mistake: ${mistake}.`)
      log.error('The configuration was not taken up: the services stay as they were.')
    }
  })
}

function changeOf(before: Config['services'], after: Config['services']): string {
  const names = (wanted: (name: string) => boolean) =>
    [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(wanted).sort().join(', ') || 'none'
  const is = (services: Config['services'], name: string) => Object.hasOwn(services, name)
  const same = (name: string) => JSON.stringify(before[name]) === JSON.stringify(after[name])
  return [
    `services added: ${names((name) => !is(before, name))}`,
    `changed: ${names((name) => is(before, name) && is(after, name) && !same(name))}`,
    `gone: ${names((name) => !is(after, name))}`,
  ].join('; ')
}

function changedBesides(before: Config, after: Config): string {
  const parts = (Object.keys(before) as (keyof Config)[]).filter((part) => part !== 'services')
  return parts.filter((part) => JSON.stringify(before[part]) !== JSON.stringify(after[part])).join(', ')
}
