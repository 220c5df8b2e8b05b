import { manyConnections, slowSenders } from '../support/crowds.ts'
import { until } from '../support/until.ts'
import { UploadLedger } from '../support/upload-ledger.ts'
import { startWheelhouse } from '../support/wheelhouse.ts'

/** Slow senders by the hundred until the server ends them, uploads and pages meanwhile, and 2,000 connections. */
export async function soakCrowds(): Promise<readonly string[]> {
  await using server = await startWheelhouse()
  const ledger = new UploadLedger()
  await ledger.next(server)
  const statuses = await manyConnections(server, 2_000)
  if (statuses['200'] !== 4_000) throw new Error(`2,000 connections got ${JSON.stringify(statuses)}`)
  await using senders = await slowSenders(server, 500)
  for (let n = 0; n < 50; n++)
    if ((await ledger.next(server)) !== 200) throw new Error('An upload beside slow senders failed.')
  const start = performance.now()
  await until(() => senders.open() === 0, 60, 'the end of all slow senders')
  const seconds = Math.round((performance.now() - start) / 1000)
  await ledger.verify(server)
  return [
    '2,000 connections at once, 4,000 pages: all 200',
    `500 slow senders ended by the server within ${seconds} s of the last upload; 50 uploads beside them went through; fsck clean`,
  ]
}
