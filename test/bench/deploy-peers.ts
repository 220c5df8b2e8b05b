import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { cachePath } from '../support/cache-folder.ts'
import { fetchFromPypi } from '../support/fetch/pypi.ts'
import { runOk } from '../support/run.ts'
import type { SshNode } from '../support/sshd.ts'
import type { SupervisedService } from '../support/supervised-service.ts'

/** What deploys to the same nodes beside us, pinned, each in an environment of its own. */
const versions = { 'ansible-core': '2.19.14', fabric: '3.2.3', pyinfra: '3.10.0' } as const

export async function fetchDeployPeers(): Promise<void> {
  for (const [project, version] of Object.entries(versions)) await fetchFromPypi({ project, version })
}

const program = (project: keyof typeof versions, name: string) =>
  cachePath(`${project}-${versions[project]}`, 'bin', name)

export interface Target {
  readonly name: string
  readonly node: SshNode
  readonly service: SupervisedService
}

/** Deploys a version of `app` to all targets: installs everywhere at once, then restart and probe, node after node. */
export type DeployBy = (version: string) => Promise<void>

/** The shell lines of both halves, the same for everybody. `install` is the installer's command, up to the requirement. */
export function linesFor({ service }: Target, install: (python: string) => string, version: string) {
  const release = `${service.root}/releases/${version}`
  return {
    stage: `rm -rf ${release} && python3 -m venv --without-pip ${release} && ${install(`${release}/bin/python`)} app==${version}`,
    restart: `ln -sfn releases/${version} ${service.root}/current && ${service.restartCommand} && until curl -fs ${service.url}/version | grep -q '"${version}"'; do sleep 0.02; done`,
  }
}

export async function ansible(
  folder: string,
  targets: readonly Target[],
  install: (python: string) => string,
  tuned: boolean,
): Promise<DeployBy> {
  await mkdir(folder, { recursive: true })
  const [first] = targets
  const hosts = Object.fromEntries(
    targets.map(({ name, node }) => [name, { ansible_host: node.host, ansible_port: node.port }]),
  )
  const known = join(folder, 'known_hosts')
  await writeFile(known, targets.map(({ node }) => `${node.knownHostsLine}\n`).join(''))
  const vars = {
    ansible_user: first?.node.user,
    ansible_ssh_private_key_file: first?.node.clientKeyPath,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${known}`,
    ansible_python_interpreter: '/usr/bin/python3',
  }
  await writeFile(join(folder, 'inventory.yaml'), stringify({ all: { hosts, vars } }))
  const settings = tuned
    ? '[defaults]\ngather_facts=False\nforks=20\n[ssh_connection]\npipelining=True\nssh_args=-o ControlMaster=auto -o ControlPersist=60s\n'
    : '[defaults]\nforks=20\n'
  await writeFile(join(folder, 'ansible.cfg'), settings)
  return async (version) => {
    const lines = Object.fromEntries(targets.map((target) => [target.name, linesFor(target, install, version)]))
    const shell = (half: 'stage' | 'restart') => ({ shell: `{{ lines[inventory_hostname].${half} }}` })
    const plays = [
      { hosts: 'all', gather_facts: !tuned, vars: { lines }, tasks: [shell('stage')] },
      { hosts: 'all', gather_facts: false, serial: 1, vars: { lines }, tasks: [shell('restart')] },
    ]
    await writeFile(join(folder, 'deploy.yaml'), stringify(plays))
    const env = { ...process.env, ANSIBLE_CONFIG: join(folder, 'ansible.cfg'), HOME: folder, LC_ALL: 'C.UTF-8' }
    const argv = [program('ansible-core', 'ansible-playbook'), '-i', join(folder, 'inventory.yaml')]
    await runOk([...argv, join(folder, 'deploy.yaml')], { env, timeoutMs: 300_000 })
  }
}

/** As its documentation has it: a group for what goes in parallel, a loop for what does not. */
export async function fabric(
  folder: string,
  targets: readonly Target[],
  install: (python: string) => string,
): Promise<DeployBy> {
  await mkdir(folder, { recursive: true })
  const script = join(folder, 'deploy.py')
  await writeFile(
    script,
    `import json, sys
from concurrent.futures import ThreadPoolExecutor
from fabric import Connection
nodes = json.load(sys.stdin)
connections = [Connection(n["host"], n["user"], n["port"], connect_kwargs={"key_filename": n["key"]}) for n in nodes]
with ThreadPoolExecutor(20) as pool:
    list(pool.map(lambda pair: pair[0].run(pair[1]["stage"], hide=True, in_stream=False), zip(connections, nodes)))
for connection, node in zip(connections, nodes):
    connection.run(node["restart"], hide=True, in_stream=False)
`,
  )
  return async (version) => {
    const stdin = JSON.stringify(targets.map((target) => told(target, install, version)))
    await runOk([program('fabric', 'python'), script], { stdin, timeoutMs: 300_000 })
  }
}

export async function pyinfra(
  folder: string,
  targets: readonly Target[],
  install: (python: string) => string,
): Promise<DeployBy> {
  await mkdir(folder, { recursive: true })
  const hosts = targets.map(
    ({ name, node }) =>
      `(${JSON.stringify(name)}, {"ssh_hostname": "${node.host}", "ssh_port": ${node.port}, "ssh_user": "${node.user}", "ssh_key": "${node.clientKeyPath}", "ssh_strict_host_key_checking": "off"})`,
  )
  await writeFile(join(folder, 'inventory.py'), `nodes = [${hosts.join(', ')}]\n`)
  await writeFile(
    join(folder, 'deploy.py'),
    `import json
from pyinfra import host
from pyinfra.operations import server
lines = json.load(open(${JSON.stringify(join(folder, 'lines.json'))}))[host.name]
server.shell(name="stage", commands=[lines["stage"]])
server.shell(name="restart", commands=[lines["restart"]], _serial=True)
`,
  )
  await chmod(folder, 0o755)
  return async (version) => {
    const lines = Object.fromEntries(targets.map((target) => [target.name, linesFor(target, install, version)]))
    await writeFile(join(folder, 'lines.json'), JSON.stringify(lines))
    const argv = [program('pyinfra', 'pyinfra'), '-y', '--parallel', '20', 'inventory.py', 'deploy.py']
    await runOk(argv, { cwd: folder, env: { ...process.env, HOME: folder }, timeoutMs: 300_000 })
  }
}

/** Without SSH: the installations side by side on this machine, and then restart and probe, one after another. */
export async function floor(targets: readonly Target[], install: (python: string) => string): Promise<DeployBy> {
  return async (version) => {
    const all = targets.map((target) => linesFor(target, install, version))
    // By the same programs as over SSH: a `python3` that first finds out which it is would cost more than all of SSH.
    const env = { ...process.env, PATH: targets[0]?.node.path }
    await Promise.all(all.map(({ stage }) => runOk(['sh', '-c', stage], { env })))
    for (const { restart } of all) await runOk(['sh', '-c', restart], { env })
  }
}

function told(target: Target, install: (python: string) => string, version: string) {
  const { host, port, user, clientKeyPath } = target.node
  return { host, port, user, key: clientKeyPath, ...linesFor(target, install, version) }
}
