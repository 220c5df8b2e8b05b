import { describe, expect, it } from 'vitest'
import { manyConnections, slowSenders } from '../support/crowds.ts'
import { UploadLedger } from '../support/upload-ledger.ts'
import { startWheelhouse } from '../support/wheelhouse.ts'

describe('a crowd', () => {
  it('of slow senders keeps no upload and no page from going through, nor do 2,000 connections', async () => {
    await using server = await startWheelhouse()
    const ledger = new UploadLedger()
    await using senders = await slowSenders(server, 300)
    expect([await ledger.next(server), await ledger.next(server)]).toEqual([200, 200])
    expect(await manyConnections(server, 2_000)).toEqual({ 200: 4_000 })
    expect(senders.open()).toBeGreaterThan(0)
    await ledger.verify(server)
    expect(server.output()).not.toContain('Unexpected error')
  }, 60_000)
})
