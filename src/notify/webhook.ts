import { createHmac } from 'node:crypto'
import { messageOf } from '../errors.ts'
import type { Delivered, Notice, Notifier, Webhook } from './model.ts'

const timeoutMilliseconds = 20_000

/** POSTs JSON, signed where there is a secret (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`. */
export function webhooks(receivers: readonly Webhook[]): Notifier {
  return {
    async deliver(notice, now, signal) {
      const receiver = receivers.find(({ name }) => name === notice.receiver)
      if (receiver === undefined) return { problem: 'it is no longer configured (notify: in wheelhouse.yaml)' }
      try {
        const stop = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)])
        // A redirect is a failure: the signature is for the receiver that was named.
        const headers = headersFor(receiver, notice, now)
        const answer = await fetch(receiver.url, {
          method: 'POST',
          headers,
          body: notice.body,
          redirect: 'manual',
          signal: stop,
        })
        await answer.body?.cancel()
        return outcomeOf(answer.status)
      } catch (error) {
        return { problem: reasonOf(error) }
      }
    },
  }
}

function headersFor({ secret }: Webhook, { id, body }: Notice, now: number): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000))
  const plain = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp }
  if (secret === undefined) return plain
  return { ...plain, 'webhook-signature': `v1,${signatureOf(secret.reveal(), `${id}.${timestamp}.${body}`)}` }
}

function signatureOf(secret: string, text: string): string {
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
  return createHmac('sha256', key).update(text).digest('base64')
}

function outcomeOf(status: number): Delivered {
  if (status >= 200 && status < 300) return 'delivered'
  return status === 410 ? 'gone' : { problem: `it answered ${status}` }
}

/** The cause alone: the message of fetch has the URL in some cases. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `it did not answer in ${timeoutMilliseconds / 1000} s`
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return cause instanceof Error && 'code' in cause ? `no connection (${String(cause.code)})` : messageOf(cause)
}
