import { join } from 'node:path'
import { runOk } from './run.ts'
import { useTool } from './tools.ts'

/** A new self-signed certificate for loopback and one name, `server.crt` and `server.key` in the folder; it replaces the one before. */
export async function makeCertificate(
  folder: string,
  name = 'localhost',
): Promise<{ readonly certificate: string; readonly key: string }> {
  const [certificate, key] = [join(folder, 'server.crt'), join(folder, 'server.key')]
  // Whoever trusts it takes it for a server's, not for an authority's.
  const end = ['-addext', 'basicConstraints=critical,CA:FALSE']
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`, ...end]
  const kind = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  await runOk([...useTool('openssl'), ...kind, ...names, '-keyout', key, '-out', certificate])
  return { certificate, key }
}
