// Short-lived certificates: an authority, certificates that it signed, and a self-signed one. Node cannot create
// certificates, so this uses openssl.

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

// A complete configuration, because the extensions in the default configuration differ between machines.
const CONFIGURATION = `
[req]
distinguished_name = name
prompt = no
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
[client]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
`;

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

// Creates them in `folder` and returns the paths of the PEM files.
export function makeCertificates(folder) {
  const path = (name) => join(folder, name);
  writeFileSync(path('openssl.cnf'), CONFIGURATION);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const selfSigned = (name, extensions) => {
    openssl(
      'req', '-x509', '-config', 'openssl.cnf', '-extensions', extensions, ...NEW_KEY, '-days', '2',
      '-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`,
    );
    return { certificate: path(`${name}.pem`), key: path(`${name}.key`) };
  };
  const signed = (name, extensions) => {
    openssl(
      'req', '-new', '-config', 'openssl.cnf', ...NEW_KEY, '-subj', `/CN=${name}`,
      '-keyout', `${name}.key`, '-out', `${name}.csr`,
    );
    openssl(
      'x509', '-req', '-in', `${name}.csr`, '-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial',
      '-days', '2', '-extfile', 'openssl.cnf', '-extensions', extensions, '-out', `${name}.pem`,
    );
    return { certificate: path(`${name}.pem`), key: path(`${name}.key`) };
  };
  return {
    ca: selfSigned('authority', 'authority').certificate,
    server: signed('server', 'server'),
    client: signed('client', 'client'),
    selfSignedClient: selfSigned('self-signed', 'client'),
  };
}
