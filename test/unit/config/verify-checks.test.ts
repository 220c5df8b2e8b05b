import { describe, expect, it } from 'vitest'
import { mistakesIn, service } from '../../support/service-mistakes.ts'

const byCommand = { command: ['restart-app'] }

describe('what a service is verified by', () => {
  it.each<[string, object]>([
    ['a process that tells its version', {}],
    ['the process of its unit, by a word', { verify: 'process' }],
    ['the process of its unit, with settings', { verify: { probes: 5 } }],
    ['the process of its program', { verify: 'process', restart: { supervisor: 'app' } }],
    ['the process of its pid file', { verify: { pidfile: '{root}/app.pid' }, restart: byCommand }],
    [
      'the workers of a process that stays',
      { verify: 'process', layout: 'in-place', restart: { systemd: 'app', reload: true } },
    ],
    ['files, by a word', { verify: 'files', restart: byCommand }],
    ['files, in full', { verify: { files: true } }],
  ])('may be %s', async (_name, changes) => {
    expect(await mistakesIn({ web: { ...service, ...changes } })).toBe('')
  })

  it.each<[string, object, string]>([
    [
      'nothing at all',
      { verify: 'process', restart: byCommand },
      'services.web.verify: has nothing to look at, as restart.command names no process. Say url: where the service tells its version, ' +
        'or pidfile: where it leaves the number of its main process; or choose verify: files, with which nobody looks at a process',
    ],
    ['another word', { verify: 'hope' }, 'services.web.verify: expected url: and so on, process or files'],
    ['no word', { verify: undefined }, 'services.web.verify: expected url: and so on, process or files'],
    ['a field that there is not', { verify: { uri: 'http://a' } }, 'services.web.verify: unknown: uri'],
    ['an address that is none', { verify: { url: 'a' } }, 'services.web.verify.url: expected an http or https URL'],
    [
      'its files and an answer',
      { verify: { ...service.verify, files: true } },
      'services.web.verify.files: says that nobody looks at a process, and url says where one answers',
    ],
    [
      'its files and a process',
      { verify: { files: true, pidfile: '/run/app.pid' } },
      'services.web.verify.pidfile: is for those who look at a process, and files says that nobody does',
    ],
    [
      'an answer and a pid file',
      { verify: { ...service.verify, pidfile: '/run/app.pid' } },
      'services.web.verify.pidfile: is for services without url',
    ],
    [
      'a pid file by a name that no node has',
      { verify: { pidfile: '/run/{unit}.pid' } },
      'services.web.fleet.nodes.0.vars.unit: is missing',
    ],
    [
      'a process whose successor nobody sees answer',
      { verify: 'process', restart: { signal: 'USR2', pidfile: '/run/app.pid' } },
      'services.web.verify.url: is missing: with signal: USR2 the old process is ended once its successor answers there',
    ],
    [
      'more looks than there is time for',
      { verify: { ...service.verify, probes: 10, interval_seconds: 5, timeout_seconds: 30 } },
      'services.web.verify.timeout_seconds: is shorter than 10 probes every 5 s take',
    ],
  ])('is refused where it is %s', async (_name, changes, message) => {
    expect(await mistakesIn({ web: { ...service, ...changes } })).toContain(message)
  })
})
