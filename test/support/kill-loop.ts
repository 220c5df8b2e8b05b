import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { UploadLedger } from './upload-ledger.ts'
import { startWheelhouse } from './wheelhouse.ts'

export interface KillLoop {
  readonly folder: string
  readonly environment?: Readonly<Record<string, string>>
  readonly kills: number
  readonly killed?: (n: number, ledger: UploadLedger) => void
}

const uploadsAtOnce = 6
const verifiedEvery = 20

/**
 * Kills a server (SIGKILL) again and again while uploads come, at moments spread over the time that they take, and starts it
 * anew on the same store. It sweeps all the time, whatever is older than a second, so that tries again meet the sweep. In the
 * end, and every now and then, everything acknowledged must be there, nothing else, and fsck find nothing.
 */
export async function killLoop({ folder, environment, kills, killed }: KillLoop): Promise<UploadLedger> {
  writeFileSync(join(folder, 'wheelhouse.yaml'), 'sweep: { orphans_after_hours: 0.0003, every_minutes: 0.01 }\n')
  const ledger = new UploadLedger()
  const options = { folder, ...(environment === undefined ? {} : { environment }) }
  const verifyAnew = async () => {
    await using server = await startWheelhouse(options)
    await ledger.verify(server)
  }
  let took = 0
  for (let n = 0; n < kills; n++) {
    await using server = await startWheelhouse(options)
    if (n === 0) took = await timeOf(() => Promise.all([ledger.next(server), ledger.next(server), ledger.next(server)]))
    const trying = ledger.again(server)
    const uploading = Array.from({ length: uploadsAtOnce }, () => ledger.next(server))
    await sleep(Math.random() * took * 2)
    await server.kill()
    await Promise.all([trying, ...uploading])
    if ((n + 1) % verifiedEvery === 0 || n + 1 === kills) await verifyAnew()
    killed?.(n + 1, ledger)
  }
  return ledger
}

async function timeOf(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}
