import { z } from 'zod'
import type { DocumentType } from '../objects/documents.ts'

const notice = z.object({
  /** Stable over all tries: receivers know by it what they had before. */
  id: z.string(),
  /** Name of the receiver in the configuration; where it went, and with which secret, is looked up there. */
  receiver: z.string(),
  service: z.string(),
  /** JSON, byte for byte what is sent. */
  body: z.string(),
  /** How often it was tried, or is being tried now. */
  tries: z.int(),
  /** Milliseconds since the epoch. */
  nextAt: z.number(),
})

/** What a receiver is still to be told: `notices/<id>/<receiver>.json`, gone once it was. */
export type Notice = Readonly<z.infer<typeof notice>>

export const noticeDocument: DocumentType<Notice> = { name: 'notice', format: 1, schema: notice }

/** Who is told of deploys. */
export interface Receiver {
  readonly name: string
  /** Tells only of these services; of all where left out. */
  readonly services?: readonly string[]
}

export interface Webhook {
  readonly name: string
  /** Often a secret itself: it stands in no log and no document. */
  readonly url: string
  /** `whsec_` and base64, as Standard Webhooks has it; any other text is taken as it is. */
  readonly secret?: { reveal(): string }
}

/** The log of whichever worker delivers. */
export interface LogReceiver {
  readonly name: string
  readonly log: true
}

/** How a try ended. `gone`: the receiver wants to hear nothing more of this. */
export type Delivered = 'delivered' | 'gone' | { readonly problem: string }

/** Port: brings one notice to its receiver, or says why not. Never rejects. Told again after failures, with the same id. */
export interface Notifier {
  deliver(notice: Notice, now: number, signal: AbortSignal): Promise<Delivered>
}
