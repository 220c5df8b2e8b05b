import { mainOf, rungOf } from '../deploy/verification.ts'
import type { ServiceSettings } from './file-schema.ts'
import type { Mistake } from './mistakes.ts'

/** Verification together with restart and layout: each rung of the ladder needs something to look at. */
export function verifyMistakes(path: string, settings: ServiceSettings): Mistake[] {
  const { restart, verify } = settings
  const found = rungOf(verify) === 'answer' ? besideUrl(verify) : withoutUrl(settings)
  const needsAnswer =
    restart.signal === 'USR2' && verify.url === undefined
      ? [
          {
            path: 'url',
            problem: 'is missing: with signal: USR2 the old process is ended once its successor answers there',
          },
        ]
      : []
  return [...found, ...needsAnswer, ...tooShort(verify)].map((one) => ({
    ...one,
    path: one.path === '' ? path : `${path}.${one.path}`,
  }))
}

function besideUrl({ files, pidfile }: ServiceSettings['verify']): Mistake[] {
  const mistakes: Mistake[] = []
  if (files)
    mistakes.push({
      path: 'files',
      problem: 'says that nobody looks at a process, and url says where one answers: leave one out',
    })
  if (pidfile !== undefined) {
    mistakes.push({
      path: 'pidfile',
      problem: 'is for services without url: there the process itself says which it is',
    })
  }
  return mistakes
}

function withoutUrl(settings: ServiceSettings): Mistake[] {
  const { files, pidfile } = settings.verify
  if (files) {
    const problem = 'is for those who look at a process, and files says that nobody does: leave one out'
    return pidfile === undefined ? [] : [{ path: 'pidfile', problem }]
  }
  if (mainOf(settings, {}) !== undefined) return []
  const problem =
    'has nothing to look at, as restart.command names no process. Say url: where the service tells its version, or pidfile: where it ' +
    'leaves the number of its main process; or choose verify: files, with which nobody looks at a process'
  return [{ path: '', problem }]
}

function tooShort({
  probes,
  interval_seconds: interval,
  timeout_seconds: timeout,
}: ServiceSettings['verify']): Mistake[] {
  if (probes * interval <= timeout) return []
  const problem = `is shorter than ${probes} probes every ${interval} s take: no release could pass`
  return [{ path: 'timeout_seconds', problem }]
}
