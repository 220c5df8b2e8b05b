import { symlink } from 'node:fs/promises'
import type { Server } from 'node:https'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { followTls } from '../../../src/http/tls.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

describe('following a certificate', () => {
  afterEach(() => void vi.useRealTimers())

  it('survives files that cannot even be looked at, and says so once', async () => {
    await using folder = await temporaryFolder('tls-unit')
    const certificate = join(folder.path, 'server.crt')
    const used: unknown[] = []
    const server = { setSecureContext: (options: unknown) => used.push(options) } as unknown as Server
    const reported: string[] = []
    vi.useFakeTimers()
    using _follower = followTls(server, { certificate, key: certificate }, (error) => reported.push(String(error)))
    await symlink(certificate, certificate)
    vi.advanceTimersByTime(30_000)
    expect(used).toEqual([])
    expect(reported).toEqual([expect.stringContaining(`TLS cannot be served with ${certificate}`)])
  })
})
