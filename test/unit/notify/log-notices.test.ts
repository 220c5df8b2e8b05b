import { expect, it } from 'vitest'
import { newRollout } from '../../../src/deploy/rollout/begin.ts'
import { jsonLog } from '../../../src/log.ts'
import { byReceiver } from '../../../src/notify/by-receiver.ts'
import { deployNotice } from '../../../src/notify/deploy-notice.ts'
import { logNotices } from '../../../src/notify/log-notices.ts'
import type { Notifier } from '../../../src/notify/model.ts'

const now = Date.parse('2026-11-25T20:00:00Z')
const signal = new AbortController().signal
const queued = newRollout({ deploy: 'web.production.7', service: 'web', project: 'app', version: '1.1' }, now)
const failed = deployNotice(
  { ...queued, phase: 'rolled_back', reason: 'web1: nothing answers', nodes: [{ name: 'web1', state: 'restored' }] },
  'https://index.example',
  now,
)

it('a log that is told of a deploy says in a line how it ended, for people and for programs', async () => {
  const lines: string[] = []
  const notices = logNotices(jsonLog((line) => lines.push(line)))
  if (failed === undefined) throw new Error('Nobody is told.')
  const notice = { ...failed, receiver: 'journal', tries: 1, nextAt: 0 }
  expect(await notices.deliver(notice, now, signal)).toBe('delivered')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 'info',
      message:
        'web.production.7: app 1.1 on web failed and was rolled back. web1: nothing answers https://index.example/deploys/web.production.7',
      notice: 'web.production.7.rolled_back.0',
      receiver: 'journal',
      type: 'deploy.rolled_back',
      data: { service: 'web', version: '1.1', phase: 'rolled_back', nodes: [{ name: 'web1', state: 'restored' }] },
    },
  ])
})

it('each receiver is told in its own way, and one that is no longer configured is not', async () => {
  const told: string[] = []
  const way = (name: string): Notifier => ({
    async deliver({ receiver }) {
      told.push(`${receiver} by ${name}`)
      return 'delivered'
    },
  })
  const receivers = [
    { name: 'chat', url: 'https://chat.example/1' },
    { name: 'journal', log: true as const },
  ]
  const notifier = byReceiver(receivers, { webhook: way('webhook'), log: way('log') })
  const notice = { id: 'n1', service: 'web', body: '{}', tries: 1, nextAt: 0 }
  for (const receiver of ['chat', 'journal']) await notifier.deliver({ ...notice, receiver }, now, signal)
  expect(told).toEqual(['chat by webhook', 'journal by log'])
  expect(await notifier.deliver({ ...notice, receiver: 'pager' }, now, signal)).toEqual({
    problem: 'it is no longer configured (notify: in wheelhouse.yaml)',
  })
})
