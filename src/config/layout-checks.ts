import type { ServiceSettings } from './file-schema.ts'
import type { Mistake } from './mistakes.ts'

type Restart = ServiceSettings['restart']

/** Layout and restart together: what would keep the old code running, or take down what it is to restart. */
export function layoutMistakes(path: string, settings: ServiceSettings): Mistake[] {
  const { layout, restart } = settings
  const found = layout === 'releases' ? withReleases(settings) : [...inPlace(settings), ...withoutStart(restart)]
  return [...found, ...alwaysWrong(restart)].map((mistake) => ({ ...mistake, path: `${path}.${mistake.path}` }))
}

const holdsOn =
  'with the layout releases would keep the old code running: the process holds on to the old release after «current» ' +
  'was switched'

function withReleases({ venv, restart }: ServiceSettings): Mistake[] {
  const { signal, reload, command, pidfile } = restart
  const mistakes: Mistake[] = []
  if (venv !== undefined) mistakes.push({ path: 'venv', problem: 'is for layout: in-place' })
  if (signal === 'HUP') {
    const others = 'Use USR2, systemd: UNIT, or a command that starts a new process; or layout: in-place'
    mistakes.push({ path: 'restart.signal', problem: `HUP ${holdsOn}. ${others}` })
  }
  if (reload) {
    const others = 'Leave it out: systemctl restart starts a new one; or use layout: in-place'
    mistakes.push({ path: 'restart.reload', problem: `a reload ${holdsOn}. ${others}` })
  }
  if (command !== undefined && keepsTheProcess(command.join(' '))) {
    const problem =
      `"${command.join(' ')}" keeps the process, which holds on to the old release after «current» was switched. ` +
      'Use a command that starts a new one, such as systemctl restart; or layout: in-place'
    mistakes.push({ path: 'restart.command', problem })
  }
  if (command !== undefined && pidfile !== undefined) {
    mistakes.push({
      path: 'restart.pidfile',
      problem: 'is used by signal alone; of what is to be looked at say verify.pidfile',
    })
  }
  return mistakes
}

/** The places below the service's own folder that are ours. */
const ours = ['', '/releases', '/current', '/.wheelhouse']

function inPlace({ root, venv }: ServiceSettings): Mistake[] {
  if (venv === undefined) return []
  if (venv.split('/').includes('..')) return [{ path: 'venv', problem: 'must not lead upwards by ".."' }]
  const folder = bare(venv.replace('{root}', root))
  const taken = ours.some(
    (name) => folder === `${bare(root)}${name}` || (name !== '' && folder.startsWith(`${bare(root)}${name}/`)),
  )
  return taken
    ? [
        {
          path: 'venv',
          problem: 'is where releases and runs are kept: give it a folder of its own, such as {root}/venv',
        },
      ]
    : []
}

/** A bad release ends gunicorn as a whole, and a signal starts nothing: the way back would leave the node down. */
function withoutStart({ signal, start }: Restart): Mistake[] {
  if (signal !== 'HUP' || start !== undefined) return []
  return [{ path: 'restart.start', problem: 'is missing: HUP starts nothing where a bad release ended the process' }]
}

function alwaysWrong({ systemd, supervisor, sudo, pidfile, signal, command }: Restart): Mistake[] {
  const mistakes: Mistake[] = []
  if (sudo !== undefined && systemd === undefined && supervisor === undefined) {
    const problem = 'is for systemd and supervisor; write sudo -n into a command instead'
    mistakes.push({ path: 'restart.sudo', problem })
  }
  if (pidfile !== undefined && signal === undefined && command === undefined) {
    mistakes.push({ path: 'restart.pidfile', problem: 'is used by signal, and by a command of the layout in-place' })
  }
  return mistakes
}

function bare(folder: string): string {
  return folder.replace(/\/+$/, '')
}

/** HUP by whatever name, and what sends it: the same process goes on with the code that it has. */
function keepsTheProcess(command: string): boolean {
  const signals = /\b(kill|pkill|killall|skill)\b.*(\s-1\b|-\s*(s\s*)?(SIG)?HUP\b|--signal[ =](SIG)?HUP\b)/i
  const reloads =
    /\bsystemctl\b.*\s(try-)?reload\b|\bservice\s+\S+\s+reload\b|\bsupervisorctl\b.*\ssignal\s+(SIG)?HUP\b/i
  return signals.test(command) || reloads.test(command)
}
