import { describe, expect, it } from 'vitest'
import { mistakesIn, service } from '../../support/service-mistakes.ts'

describe('the restart of a service in wheelhouse.yaml', () => {
  it.each<[string, object]>([
    ['a command', { command: ['systemctl', 'restart', 'app'] }],
    ['a command that only looks like HUP', { command: ['/srv/app/hup-free-restart', '-1'] }],
    ['a group of supervisord', { supervisor: 'app:*', sudo: true }],
    [
      'a program of a supervisord with a configuration of its own',
      { supervisor: 'app', config: '{root}/supervisord.conf' },
    ],
    ['USR2', { signal: 'USR2', pidfile: '{root}/app.pid' }],
  ])('may be %s', async (_name, restart) => {
    expect(await mistakesIn({ web: { ...service, restart } })).toBe('')
  })

  it.each<[string, object, string]>([
    [
      'sudo beside command',
      { restart: { command: ['x'], sudo: true } },
      'services.web.restart.sudo: is for systemd and',
    ],
    [
      'HUP',
      { restart: { signal: 'HUP', pidfile: '/run/app.pid' } },
      'services.web.restart.signal: HUP with the layout releases would keep the old code running',
    ],
    [
      'a reload',
      { restart: { systemd: 'app', reload: true } },
      'services.web.restart.reload: a reload with the layout releases would keep the old code running',
    ],
    [
      'HUP without a way to start',
      { layout: 'in-place', restart: { signal: 'HUP', pidfile: '/run/app.pid' } },
      'services.web.restart.start: is missing: HUP starts nothing where a bad release ended the process',
    ],
    ['a venv beside releases', { venv: '/srv/venv' }, 'services.web.venv: is for layout: in-place'],
    [
      'a venv among the releases',
      { layout: 'in-place', venv: '{root}/releases/venv' },
      'services.web.venv: is where releases and runs are kept',
    ],
    ['a venv that is the root', { layout: 'in-place', venv: '{root}/' }, 'services.web.venv: is where releases and'],
    [
      'a start of what starts by itself',
      { restart: { systemd: 'app', start: ['app'] } },
      'services.web.restart.start: is for signal: HUP, which starts nothing by itself',
    ],
    [
      'a reload by supervisor',
      { layout: 'in-place', restart: { supervisor: 'app', reload: true } },
      'services.web.restart.reload: is for systemd; with supervisor use signal: HUP',
    ],
    [
      'a configuration of supervisorctl that is a relative path',
      { restart: { supervisor: 'app', config: 'supervisord.conf' } },
      'services.web.restart.config: expected an absolute path without spaces, such as /etc/supervisor/supervisord.conf',
    ],
    [
      'a configuration for systemd',
      { restart: { systemd: 'app', config: '/etc/app.conf' } },
      'services.web.restart.config: is for supervisor: the configuration that supervisorctl is to read',
    ],
    [
      'a placeholder in the configuration that no node has',
      { restart: { supervisor: 'app', config: '/etc/{unit}.conf' } },
      'services.web.fleet.nodes.0.vars.unit',
    ],
    ['a signal to nobody', { restart: { signal: 'USR2' } }, 'services.web.restart.pidfile: is missing: whom'],
    [
      'a pid file that is a relative path',
      { restart: { signal: 'USR2', pidfile: 'app.pid' } },
      'services.web.restart.pidfile: expected an absolute path without spaces',
    ],
    ['two styles', { restart: { systemd: 'app', supervisor: 'app' } }, 'services.web.restart: expected one of systemd'],
    ['no style', { restart: {} }, 'services.web.restart: expected one of systemd'],
    [
      'a placeholder in the pid file that no node has',
      { restart: { signal: 'USR2', pidfile: '/run/{unit}.pid' } },
      'services.web.fleet.nodes.0.vars.unit',
    ],
    [
      'a pid file',
      { restart: { systemd: 'app', pidfile: '/run/app.pid' } },
      'services.web.restart.pidfile: is used by',
    ],
    ...[
      'supervisorctl -c /etc/app.conf signal HUP app',
      'kill -HUP 1',
      'pkill -s HUP app',
      'kill -1 77',
      'sudo systemctl reload app',
      'service app reload',
    ].map((command): [string, object, string] => [
      command,
      { restart: { command: ['sh', '-c', command] } },
      `services.web.restart.command: "sh -c ${command}" keeps the process`,
    ]),
  ])('is refused by its path: %s', async (_name, changes, message) => {
    expect(await mistakesIn({ web: { ...service, ...changes } })).toContain(message)
  })

  it('may be HUP or reload in an environment that is upgraded in place', async () => {
    const inPlace = { ...service, layout: 'in-place', venv: '{root}/venv', python: '/usr/bin/python3' }
    const start = ['{venv}/bin/gunicorn', '--daemon', 'app']
    for (const restart of [
      { signal: 'HUP', pidfile: '{root}/app.pid', start, check: ['gunicorn', '--check-config', 'app'] },
      { systemd: 'app', reload: true },
      { command: ['kill', '-HUP', '1'], pidfile: '/run/app.pid' },
    ]) {
      expect(await mistakesIn({ web: { ...inPlace, restart } })).toBe('')
    }
  })
})
