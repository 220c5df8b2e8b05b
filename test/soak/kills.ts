import { killLoop } from '../support/kill-loop.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startVersitygw } from '../support/versitygw.ts'

const kills = 200

/** SIGKILL at moments spread over whole uploads, on one kind of store. */
export async function soakKills(store: 'disk' | 's3'): Promise<readonly string[]> {
  await using folder = await temporaryFolder('soak')
  await using s3 = store === 's3' ? await startVersitygw() : undefined
  const environment = s3 && {
    S3_BUCKET: await s3.createBucket(),
    S3_ENDPOINT: s3.endpoint,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
  }
  const ledger = await killLoop({
    folder: folder.path,
    kills,
    ...(environment === undefined ? {} : { environment }),
    killed: (n, { tried, acknowledged, unanswered }) => {
      if (n % 10 === 0)
        console.error(
          `${store}: ${n} kills, ${tried} uploads begun, ${acknowledged} acknowledged, ${unanswered} cut off`,
        )
    },
  })
  return [
    `${kills} kills: ${ledger.tried} uploads begun, ${ledger.unanswered} cut off, ${ledger.acknowledged} acknowledged, all of these intact, nothing else shown, fsck clean`,
  ]
}
