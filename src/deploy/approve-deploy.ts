import { DomainError } from '../errors.ts'
import { accountOf } from '../identity/token.ts'
import type { Tokens } from '../identity/tokens.ts'
import { keys } from '../objects/keys.ts'
import type { Projects } from '../registry/projects.ts'
import { controlDeploy, expected } from './control-deploy.ts'
import { controlsDocument, type DeployRequest, requestDocument } from './documents.ts'
import type { RequestPorts } from './request-deploy.ts'
import { approvalOf } from './rollout/approving.ts'
import type { Rollout } from './rollout/model.ts'
import { readRollout } from './watch.ts'

export interface ApprovePorts extends RequestPorts {
  readonly projects: Pick<Projects, 'find'>
  readonly tokens: Pick<Tokens, 'list'>
}

export interface ApprovalRequest {
  /** Name of the token. */
  readonly by: string
  /** The person that it belongs to. */
  readonly account: string
  readonly reason?: string
}

export interface Approved {
  /** As it stands with the approval. */
  readonly rollout: Rollout
  /** False where this person had approved before. */
  readonly changed: boolean
}

/**
 * Approves a deploy in the name of a person, once. Rejects with `deploy-not-found`, with `permission-denied` where the person
 * uploaded or promoted it, and with `control-refused` where nobody's approval is waited for.
 */
export async function approveDeploy(
  ports: ApprovePorts,
  deploy: string,
  request: ApprovalRequest,
  signal: AbortSignal,
): Promise<Approved> {
  const before = await readRollout(ports.documents, deploy)
  await refuseInvolved(ports, before, request)
  const stands = await standingOf(ports, before)
  if (approvalOf(stands, request) !== undefined) return { rollout: stands, changed: false }
  const { rollout } = await controlDeploy(ports, deploy, { kind: 'approve', ...request }, signal)
  return { rollout: await standingOf(ports, rollout), changed: true }
}

/** With all that it was told: whoever is to carry it may not have come to that yet, and it counts all the same. */
async function standingOf({ documents, clock }: RequestPorts, rollout: Rollout): Promise<Rollout> {
  const told = await documents.read(controlsDocument, keys.deployControls(rollout.service, rollout.deploy))
  return expected(rollout, told?.value ?? { controls: [] }, clock.now())
}

/** Four eyes are those of two people, whichever of their tokens they use. */
async function refuseInvolved(ports: ApprovePorts, rollout: Rollout, { account }: ApprovalRequest): Promise<void> {
  const { service, deploy, project, version } = rollout
  const request = (await ports.documents.read(requestDocument, keys.deployRequest(service, deploy)))?.value
  if (request === undefined) return
  const accounts = await accountsByToken(ports)
  const isOf = (name: string) => name === account || accounts.get(name)?.includes(account) === true
  const other = `Somebody else has to approve ${deploy}.`
  const refuse = (text: string) => new DomainError('permission-denied', `${text} ${other}`, { deploy })
  if (isOf(request.by)) throw refuse(`"${account}" promoted ${project} ${version} and cannot approve it as well.`)
  const own = (await uploadsOf(ports, request)).find(({ uploadedBy }) => isOf(uploadedBy))
  if (own !== undefined) throw refuse(`"${account}" uploaded ${own.filename} and cannot approve it as well.`)
}

/** Documents name tokens, and a name may be that of several: it stands for each person who has or had such a token. */
async function accountsByToken({ tokens }: ApprovePorts): Promise<ReadonlyMap<string, readonly string[]>> {
  const accounts = new Map<string, string[]>()
  for (const token of await tokens.list()) {
    accounts.set(token.name, [...(accounts.get(token.name) ?? []), accountOf(token)])
  }
  return accounts
}

async function uploadsOf({ projects }: ApprovePorts, { project, version, files }: DeployRequest) {
  const found = (await projects.find(project))?.releases.get(version) ?? []
  return found.filter(({ sha256 }) => files.some((file) => file.sha256 === sha256))
}
