/**
 * Certificates for one run: the gateway's, in files, and a client's, as text.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../js/simulator/certificates.js'

export async function makeCertificates () {
  const folder = await mkdtemp(join(tmpdir(), 'bellpush-bench-'))
  const authority = await createAuthority()
  const server = await authority.issue({ commonName: 'gateway', hosts: ['127.0.0.1', 'localhost'] })
  // apn refuses to connect with a certificate that is not for the sandbox, wherever the gateway is but at Apple's.
  const client = await authority.issue({ environments: ['sandbox'] })
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem'), ca: join(folder, 'ca.pem') }
  const clientFiles = { cert: join(folder, 'client-cert.pem'), key: join(folder, 'client-key.pem') }
  await writeFile(files.cert, server.certPem)
  await writeFile(files.key, server.keyPem, { mode: 0o600 })
  await writeFile(files.ca, authority.certPem)
  await writeFile(clientFiles.cert, client.certPem)
  await writeFile(clientFiles.key, client.keyPem, { mode: 0o600 })
  return {
    folder,
    files,
    clientFiles,
    client: { ca: authority.certPem, cert: client.certPem, key: client.keyPem },
    remove: () => rm(folder, { recursive: true })
  }
}
