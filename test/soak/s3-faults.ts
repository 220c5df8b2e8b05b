import { randomFates, startFaultProxy } from '../support/fault-proxy.ts'
import { UploadLedger } from '../support/upload-ledger.ts'
import { startVersitygw } from '../support/versitygw.ts'
import { type RunningWheelhouse, startWheelhouse } from '../support/wheelhouse.ts'

const rounds = 40

/** Two servers on one bucket behind one proxy: uploads and tries again, while requests to S3 meet with every fault at random. */
export async function soakS3Faults(): Promise<readonly string[]> {
  await using s3 = await startVersitygw()
  await using proxy = await startFaultProxy(s3.endpoint)
  const environment = {
    S3_BUCKET: await s3.createBucket(),
    S3_ENDPOINT: proxy.endpoint,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
  await using here = await startWheelhouse({ environment })
  await using there = await startWheelhouse({ environment })
  const ledger = new UploadLedger()
  const percent = { unavailable: 4, 'slow-down': 4, cut: 4, 'lost-answer': 4, 'half-answer': 2, stall: 0.1 }
  proxy.meet(randomFates(20261125, percent))
  for (let round = 0; round < rounds; round++) {
    const uploads = [here, there, here, there].map((server) => ledger.next(server))
    await Promise.all([...uploads, ledger.again(here), ledger.again(there)])
    if (round % 10 === 9)
      console.error(`s3-faults: ${round + 1} rounds, ${ledger.acknowledged} of ${ledger.tried} acknowledged`)
  }
  const counts = { ...proxy.counts() }
  for (const server of [here, there]) {
    if (!(await answers(server))) throw new Error(`A server is gone. Its last words: ${server.output().slice(-4_000)}`)
  }
  proxy.meet(() => 'fine')
  await ledger.verify(here)
  await ledger.again(there, Number.MAX_SAFE_INTEGER)
  await ledger.verify(there)
  if (ledger.acknowledged !== ledger.tried) throw new Error('Not all uploads went through once S3 was well again.')
  const met = Object.entries(counts).map(([fate, count]) => `${count} ${fate}`)
  return [`requests to S3: ${met.join(', ')}`, `${ledger.tried} uploads, all of them intact in the end, fsck clean`]
}

async function answers({ url }: RunningWheelhouse): Promise<boolean> {
  return await fetch(`${url}/healthz`).then(
    ({ ok }) => ok,
    () => false,
  )
}
