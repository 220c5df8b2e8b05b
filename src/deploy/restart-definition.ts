import { z } from 'zod'

const text = z.string().min(1)
const words = z.array(text).min(1, 'expected at least one word')
/** Such as fits a line of sudoers as it is. */
const pathLike = (example: string) =>
  z.string().regex(/^[/{][A-Za-z0-9._/{}-]+$/, `expected an absolute path without spaces, such as ${example}`)
const styles = ['systemd', 'supervisor', 'signal', 'command'] as const

export const pidfile = pathLike('{root}/app.pid')

/** How a service is restarted: by exactly one of the styles. Which of them goes with which layout is told by `layout-checks.ts`. */
export const restartSchema = z
  .strictObject({
    /** A unit. */
    systemd: text.optional(),
    /** A program of supervisord, or a group of processes as `NAME:*`. */
    supervisor: text.optional(),
    /** The configuration that supervisorctl is to read on the node (`-c`); where it looks by itself when left out. */
    config: pathLike('/etc/supervisor/supervisord.conf').optional(),
    sudo: z.boolean().optional(),
    command: words.optional(),
    signal: z.enum(['HUP', 'USR2']).optional(),
    /** Names the process that gets the signal, or that a command of the layout `in-place` leaves in place. */
    pidfile: pidfile.optional(),
    /** The unit is reloaded where it runs: its main process stays, and starts new workers. */
    reload: z.boolean().optional(),
    /** Starts the service where no process is there to be signalled, with HUP. */
    start: words.optional(),
    /** Run on the node before the service is touched; where it fails nothing is restarted. */
    check: words.optional(),
  })
  .superRefine((value, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (styles.filter((style) => value[style] !== undefined).length !== 1) {
      return refuse(
        [],
        'expected one of systemd: UNIT, supervisor: PROGRAM, signal: USR2 or HUP with pidfile, command: [...]',
      )
    }
    if (value.signal !== undefined && value.pidfile === undefined) {
      refuse(['pidfile'], 'is missing: whom is the signal to go to?')
    }
    if (value.config !== undefined && value.supervisor === undefined) {
      refuse(['config'], 'is for supervisor: the configuration that supervisorctl is to read')
    }
    if (value.reload && value.systemd === undefined) {
      refuse(['reload'], 'is for systemd; with supervisor use signal: HUP and the pid file of the program')
    }
    if (value.start !== undefined && value.signal !== 'HUP') {
      refuse(['start'], 'is for signal: HUP, which starts nothing by itself')
    }
  })

export type RestartDefinition = Readonly<z.infer<typeof restartSchema>>
