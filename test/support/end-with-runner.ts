/**
 * A worker whose runner was killed would go on with its test, and keep its servers. Killing itself is the plain way: vitest
 * turns process.exit() in a worker into a failed test, and the kernel takes the servers along (server-process.ts).
 */
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
