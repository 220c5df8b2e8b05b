import { Command, InvalidArgumentError } from 'commander'
import type { Terminal } from '../command.ts'
import { followDeploy } from './follow-deploy.ts'
import { type AskOptions, ClientError, type RemoteServer, remoteServer } from './server.ts'
import { watchPromotion } from './watch-promotion.ts'

/** Commands that speak to a running server by its API: `WHEELHOUSE_URL`, `WHEELHOUSE_TOKEN`. */
export function clientCommands(terminal: Terminal): readonly Command[] {
  return [
    promoteCommand(terminal),
    planCommand(terminal),
    rollbackCommand(terminal),
    pinCommand(terminal),
    relockCommand(terminal),
    servicesCommand(terminal),
    deploysCommand(terminal),
    logsCommand(terminal),
    ...holdCommands(terminal),
    freezeCommand(terminal),
    thawCommand(terminal),
    ...orderCommands(terminal),
  ]
}

interface PromoteOptions {
  readonly channel?: string
  readonly wait: number
  readonly reason?: string
  readonly force?: true
  readonly relock?: true
  readonly key?: string
}

function promoteCommand(terminal: Terminal): Command {
  return clientCommand('promote', 'point a channel at a release, and watch its deploys')
    .argument('<project>')
    .argument('<version>')
    .option('--channel <name>', 'the first configured one when left out')
    .option('--wait <seconds>', 'for how long to watch; 0 only starts it', seconds, 3_600)
    .option('--reason <text>', 'kept in the history')
    .option('--force', 'a yanked release too, and services that are held')
    .option('--relock', 'look for its dependencies anew')
    .option('--key <text>', 'names the request: sent twice, it is made once (CI: the id of the build)')
    .action((project: string, version: string, options: PromoteOptions) =>
      run(terminal, (server) => {
        const { channel, wait, reason, force, key, relock } = options
        const path = `/promote/${encodeURIComponent(project)}/${encodeURIComponent(version)}`
        const query = { ...(channel === undefined ? {} : { channel }), ...(relock ? { relock: 'true' } : {}) }
        const body = { ...said(reason), ...(force === true ? { force } : {}) }
        return watchPromotion(server, { path, query, body, wait, ...(key === undefined ? {} : { key }) }, terminal)
      }),
    )
}

function planCommand(terminal: Terminal): Command {
  return clientCommand('plan', 'show what a promotion would do, node by node, and change nothing')
    .argument('<project>')
    .argument('<version>')
    .option('--channel <name>', 'the first configured one when left out')
    .action((project: string, version: string, { channel }: { channel?: string }) =>
      run(terminal, (server) => {
        const search = new URLSearchParams({ dry_run: 'true', ...(channel === undefined ? {} : { channel }) })
        const path = `/promote/${encodeURIComponent(project)}/${encodeURIComponent(version)}?${search}`
        return tell(server, path, { method: 'POST', body: {} }, terminal)
      }),
    )
}

interface RollbackOptions {
  readonly wait: number
  readonly reason?: string
  readonly hold: boolean
}

function rollbackCommand(terminal: Terminal): Command {
  return clientCommand('rollback', 'promote what a service ran well before, and hold it')
    .argument('<service>')
    .option('--wait <seconds>', 'for how long to watch; 0 only starts it', seconds, 3_600)
    .option('--reason <text>', 'kept in the history')
    .option('--no-hold', 'let the next promotion through')
    .action((service: string, { wait, reason, hold }: RollbackOptions) =>
      run(terminal, (server) => {
        const path = `/services/${encodeURIComponent(service)}/rollback`
        return watchPromotion(server, { path, query: {}, body: { ...said(reason), hold }, wait }, terminal)
      }),
    )
}

function pinCommand(terminal: Terminal): Command {
  return clientCommand('pin', 'promote a release to the channel of a service, and hold it there')
    .argument('<service>')
    .argument('<version>')
    .option('--wait <seconds>', 'for how long to watch; 0 only starts it', seconds, 3_600)
    .option('--reason <text>', 'kept in the history, and shown to whoever is refused')
    .option('--force', 'over whatever would refuse a promotion of it')
    .action((service: string, version: string, { wait, reason, force }: Omit<PromoteOptions, 'channel' | 'key'>) =>
      run(terminal, (server) => {
        const body = { version, ...said(reason), ...(force === true ? { force } : {}) }
        return watchPromotion(server, { path: `${servicePath(service)}/pin`, query: {}, body, wait }, terminal)
      }),
    )
}

function relockCommand(terminal: Terminal): Command {
  return clientCommand('relock', 'look for the dependencies of what a service should run anew, and deploy it')
    .argument('<service>')
    .option('--wait <seconds>', 'for how long to watch; 0 only starts it', seconds, 3_600)
    .option('--reason <text>', 'kept in the history')
    .action((service: string, { wait, reason }: Pick<RollbackOptions, 'wait' | 'reason'>) =>
      run(terminal, (server) =>
        watchPromotion(
          server,
          { path: `${servicePath(service)}/relock`, query: {}, body: said(reason), wait },
          terminal,
        ),
      ),
    )
}

function servicesCommand(terminal: Terminal): Command {
  return clientCommand('services', 'show the services, or one with its last deploys')
    .argument('[service]')
    .action((service?: string) =>
      run(terminal, (server) => tell(server, service === undefined ? '/services' : servicePath(service), {}, terminal)),
    )
}

interface DeploysOptions {
  readonly follow?: true
  readonly wait?: number
}

function deploysCommand(terminal: Terminal): Command {
  return clientCommand('deploys', 'show a deploy')
    .argument('<deploy>', 'its id: <service>.<channel>.<number>')
    .option('--follow', 'until it is over; ends with the status that its promotion would')
    .option('--wait <seconds>', 'for how long to follow it at most', seconds)
    .action((deploy: string, { follow, wait }: DeploysOptions) =>
      run(terminal, (server) =>
        follow === undefined && wait === undefined
          ? tell(server, deployPath(deploy), {}, terminal)
          : followDeploy(server, { path: deployPath(deploy), wait }, terminal),
      ),
    )
}

function logsCommand(terminal: Terminal): Command {
  return clientCommand('logs', 'show what was printed on the nodes')
    .argument('<deploy>')
    .option('--node <name>', 'of one node')
    .action((deploy: string, { node }: { node?: string }) =>
      run(terminal, (server) => {
        const search = node === undefined ? '' : `?${new URLSearchParams({ node })}`
        return tell(server, `${deployPath(deploy)}/output${search}`, {}, terminal)
      }),
    )
}

function holdCommands(terminal: Terminal): readonly Command[] {
  const verbs = [
    ['hold', 'refuse promotions to a service'],
    ['release', 'let promotions to a service through again'],
  ] as const
  return verbs.map(([verb, description]) =>
    clientCommand(verb, description)
      .argument('<service>')
      .option('--reason <text>', 'shown to whoever is refused')
      .action((service: string, { reason }: { reason?: string }) =>
        run(terminal, (server) =>
          tell(server, `${servicePath(service)}/${verb}`, { method: 'POST', body: said(reason) }, terminal),
        ),
      ),
  )
}

interface FreezeOptions {
  readonly from?: string
  readonly until: string
  readonly zone?: string
  readonly reason: string
}

function freezeCommand(terminal: Terminal): Command {
  return clientCommand('freeze', 'refuse promotions to a service for a time, and stop its deploy before the next wave')
    .argument('<service>')
    .requiredOption('--until <time>', '2026-12-24T08:00, or with --from "mon 08:00" or "06:00"')
    .option('--from <time>', 'in the same form; now when left out')
    .option('--zone <name>', 'whose clocks are meant, as Europe/Berlin; UTC when left out')
    .requiredOption('--reason <text>', 'shown to whoever is refused')
    .action((service: string, options: FreezeOptions) =>
      run(terminal, (server) =>
        tell(server, `${servicePath(service)}/freezes`, { method: 'POST', body: options }, terminal),
      ),
    )
}

function thawCommand(terminal: Terminal): Command {
  return clientCommand('thaw', 'end a freeze of a service')
    .argument('<service>')
    .argument('<freeze>', 'its id, as `wheelhouse services SERVICE` shows it')
    .option('--reason <text>', 'kept in the audit')
    .action((service: string, freeze: string, { reason }: { reason?: string }) =>
      run(terminal, (server) => {
        const path = `${servicePath(service)}/freezes/${encodeURIComponent(freeze)}`
        return tell(server, path, { method: 'DELETE', body: said(reason) }, terminal)
      }),
    )
}

/** What a server answers to a question or an order, printed as it is. */
async function tell(server: RemoteServer, path: string, options: AskOptions, terminal: Terminal): Promise<number> {
  const text = (await server.read(path, options)).trimEnd()
  if (text !== '') terminal.print(text)
  return 0
}

function orderCommands(terminal: Terminal): readonly Command[] {
  const orders = [
    ['pause', 'begin nothing new in a deploy'],
    ['resume', 'let a paused deploy go on'],
    ['abort', 'end a deploy, and take its nodes back'],
    ['retry', 'try the failed nodes of a paused deploy again'],
    ['approve', 'let a deploy go on that waits for approval'],
  ] as const
  const order = (deploy: string, path: string, reason: string | undefined) =>
    run(terminal, (server) =>
      tell(server, `${deployPath(deploy)}/${path}`, { method: 'POST', body: said(reason) }, terminal),
    )
  const exclude = clientCommand('exclude', 'go on without a node')
    .argument('<deploy>')
    .argument('<node>')
    .option('--reason <text>', 'kept in the audit')
    .action((deploy: string, node: string, { reason }: { reason?: string }) =>
      order(deploy, `exclude/${encodeURIComponent(node)}`, reason),
    )
  const others = orders.map(([verb, description]) =>
    clientCommand(verb, description)
      .argument('<deploy>')
      .option('--reason <text>', 'kept in the audit')
      .action((deploy: string, { reason }: { reason?: string }) => order(deploy, verb, reason)),
  )
  return [...others, exclude]
}

function clientCommand(name: string, description: string): Command {
  return new Command(name).description(`${description} (WHEELHOUSE_URL, WHEELHOUSE_TOKEN)`).exitOverride()
}

async function run(terminal: Terminal, act: (server: RemoteServer) => Promise<number>): Promise<void> {
  try {
    const code = await act(remoteServer(terminal.environment, terminal.signal))
    if (code !== 0) terminal.exitWith(code)
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    terminal.printError(`wheelhouse: ${error.message}`)
    terminal.exitWith(error.exitCode)
  }
}

function servicePath(service: string): string {
  return `/services/${encodeURIComponent(service)}`
}

function deployPath(deploy: string): string {
  return `/deploys/${encodeURIComponent(deploy)}`
}

function said(reason: string | undefined): { readonly reason?: string } {
  return reason === undefined ? {} : { reason }
}

function seconds(text: string): number {
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0 || value > 86_400) throw new InvalidArgumentError('Seconds, at most 86400.')
  return value
}
