import { z } from 'zod'

const text = z.string().min(1)
const styles = ['systemd', 'supervisor', 'signal', 'command'] as const

/** How a service is restarted: by exactly one of the styles, and only by those that start new code in the layout `releases`. */
export const restartSchema = z
  .strictObject({
    /** A unit. */
    systemd: text.optional(),
    /** A program of supervisord. */
    supervisor: text.optional(),
    sudo: z.boolean().optional(),
    command: z.array(text).min(1, 'expected at least one word').optional(),
    signal: z.enum(['HUP', 'USR2']).optional(),
    /** Names the process that gets the signal. */
    pidfile: z
      .string()
      .regex(/^[/{][A-Za-z0-9._/{}-]+$/, 'expected an absolute path without spaces, such as {root}/app.pid')
      .optional(),
    reload: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (value.signal === 'HUP') {
      return refuse(['signal'], `HUP ${keepsOldCode}. Use USR2, systemd: UNIT, or a command that starts a new process`)
    }
    if (value.reload) {
      return refuse(['reload'], `a reload ${keepsOldCode}. Leave it out: systemctl restart starts a new one`)
    }
    if (styles.filter((style) => value[style] !== undefined).length !== 1) {
      return refuse([], 'expected one of systemd: UNIT, supervisor: PROGRAM, signal: USR2 with pidfile, command: [...]')
    }
    if (value.signal !== undefined && value.pidfile === undefined) {
      refuse(['pidfile'], 'is missing: whom is the signal to go to?')
    }
  })

const keepsOldCode =
  'with the layout releases would keep the old code running: the process holds on to the old release after ' +
  '«current» was switched'

export type RestartDefinition = Readonly<z.infer<typeof restartSchema>>
