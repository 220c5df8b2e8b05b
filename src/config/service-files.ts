import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { serviceName } from '../deploy/service-definition.ts'
import { messageOf } from '../errors.ts'
import { type FileSettings, serviceSettingsSchema } from './file-schema.ts'
import type { Mistake } from './mistakes.ts'
import { check, parseYaml } from './yaml-file.ts'

const servicesFile = z.record(serviceName, serviceSettingsSchema)

/** The file with the services of all files. */
export interface GatheredSettings extends FileSettings {
  /** By name, those that stand in a file of the folder: that file, as `services_folder` names it. */
  readonly serviceFiles: Readonly<Record<string, string>>
}

/** Where a service stands, for messages: `services.web`, or `services.d/shop.yaml: web`. */
export type PlaceOf = (service: string) => string

export function placesIn({ serviceFiles }: Pick<GatheredSettings, 'serviceFiles'>): PlaceOf {
  return (service) => {
    const file = Object.hasOwn(serviceFiles, service) ? serviceFiles[service] : undefined
    return file === undefined ? `services.${service}` : `${file}: ${service}`
  }
}

/** Each `*.yaml` and `*.yml` of `services_folder` has services by name, as `services:` has them. A name stands in one file alone. */
export function readServicesFolder(file: FileSettings, folder: string, mistakes: Mistake[]): GatheredSettings {
  const { services_folder: named } = file
  const serviceFiles: Record<string, string> = {}
  const services = { ...file.services }
  const of = placesIn({ serviceFiles })
  for (const name of named === undefined ? [] : filesIn(resolve(folder, named), mistakes)) {
    const path = join(named ?? '', name)
    const parsed = parseYaml(resolve(folder, path), mistakes)
    const found = parsed && check(servicesFile, parsed.value, mistakes, `${path}: `)
    for (const [service, settings] of Object.entries(found ?? {})) {
      if (Object.hasOwn(services, service)) {
        mistakes.push({ path: `${path}: ${service}`, problem: `is there already, as ${of(service)}` })
        continue
      }
      services[service] = settings
      serviceFiles[service] = path
    }
  }
  return { ...file, services, serviceFiles }
}

/** In the order of their names, without hidden ones: editors leave such. */
function filesIn(folder: string, mistakes: Mistake[]): readonly string[] {
  if (!existsSync(folder)) {
    mistakes.push({ path: 'services_folder', problem: `there is no folder ${folder}` })
    return []
  }
  try {
    return readdirSync(folder)
      .filter((name) => /^[^.].*\.ya?ml$/.test(name))
      .sort()
  } catch (error) {
    mistakes.push({ path: 'services_folder', problem: `cannot be read: ${messageOf(error)}` })
    return []
  }
}
