import { startVersitygw } from './versitygw.ts'
import { type RunningWheelhouse, startWheelhouse } from './wheelhouse.ts'

/** The product in one of the two ways to run it. With one server `here` and `there` are the same. */
export interface Deployment extends AsyncDisposable {
  readonly here: RunningWheelhouse
  readonly there: RunningWheelhouse
}

/** Embedded: one process on a folder. */
export async function embedded(environment: Readonly<Record<string, string>> = {}): Promise<Deployment> {
  const server = await startWheelhouse({ environment })
  return { here: server, there: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** Scaled: two servers on one bucket of a real S3 server. */
export async function scaled(environment: Readonly<Record<string, string>> = {}): Promise<Deployment> {
  const s3 = await startVersitygw()
  const shared = {
    S3_BUCKET: await s3.createBucket(),
    S3_ENDPOINT: s3.endpoint,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    ...environment,
  }
  const [here, there] = await Promise.all([
    startWheelhouse({ environment: shared }),
    startWheelhouse({ environment: shared }),
  ])
  return {
    here,
    there,
    [Symbol.asyncDispose]: async () => {
      await here[Symbol.asyncDispose]()
      await there[Symbol.asyncDispose]()
      await s3[Symbol.asyncDispose]()
    },
  }
}

export const deployments = [
  ['embedded, on disk', embedded],
  ['two servers on versitygw', scaled],
] as const
