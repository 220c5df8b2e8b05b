import type { LogReceiver, Notifier, Receiver, Webhook } from './model.ts'

/** The adapters of the port, by what a receiver is. */
export interface Ways {
  readonly webhook: Notifier
  readonly log: Notifier
}

/** Each receiver in its own way. What waits may be for one that was taken out of the configuration since. */
export function byReceiver(receivers: readonly (Receiver & (Webhook | LogReceiver))[], ways: Ways): Notifier {
  return {
    async deliver(notice, now, signal) {
      const receiver = receivers.find(({ name }) => name === notice.receiver)
      if (receiver === undefined) return { problem: 'it is no longer configured (notify: in wheelhouse.yaml)' }
      return await ways['log' in receiver ? 'log' : 'webhook'].deliver(notice, now, signal)
    },
  }
}
