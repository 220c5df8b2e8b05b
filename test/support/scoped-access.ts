import type { Access } from '../../src/http/authentication.ts'
import { FailedAttempts } from '../../src/http/failed-attempts.ts'
import { type Grant, isGrant } from '../../src/identity/scopes.ts'
import { FakeClock } from './fake-clock.ts'

/** Tokens that are their scopes: `read:app,deploy`. What stands before a `/` is who has it. */
export function scopedAccess(): Access {
  return {
    authenticator: {
      identify: async (header) => {
        const [scopes = '', name = 'somebody'] = header.slice('Bearer '.length).split('/').reverse()
        return {
          token: name,
          name,
          account: name,
          scopes: scopes.split(',').filter((one): one is Grant => isGrant(one)),
        }
      },
    },
    anonymousRead: true,
    failedAttempts: new FailedAttempts(new FakeClock(), { burst: 50, refillSeconds: 2 }),
    clientAddress: () => '127.0.0.1',
  }
}
