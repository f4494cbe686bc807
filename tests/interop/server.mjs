// Runs oidc-provider on two local ports for the tests and prints their URLs as one line of JSON. It exits when its standard
// input is closed, so it stops with the tests in any case.

import './quiet.mjs';

import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ACCOUNTS, DEFAULT_ACCOUNT, interact } from './accounts.mjs';
import { Api } from './api.mjs';
import { makeCertificates } from './certificates.mjs';
import { clients } from './clients.mjs';
import { Journal } from './journal.mjs';
import { AUDIENCE, SCOPES, makeProvider } from './provider.mjs';

const folder = mkdtempSync(join(tmpdir(), 'interop-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => process.exit(0));
}
for (const end of ['end', 'close', 'error']) {
  process.stdin.on(end, () => process.exit(0));
}
process.stdin.resume();

const certificates = makeCertificates(folder);
let handler;
const serve = (request, response) => handler(request, response);
const origin = await listen(createServer(serve), 'http');
const mtlsOrigin = await listen(
  createTlsServer(
    {
      key: readFileSync(certificates.server.key),
      cert: readFileSync(certificates.server.certificate),
      ca: readFileSync(certificates.ca),
      // The provider decides about the certificate: a self-signed one has no authority.
      requestCert: true,
      rejectUnauthorized: false,
    },
    serve,
  ),
  'https',
);

const registered = clients(certificates);
// With a trailing slash, like the issuers of Auth0.
const issuer = `${origin}/`;
const { provider, verificationKeys } = await makeProvider(issuer, mtlsOrigin, registered);
const api = new Api({ issuer, audience: AUDIENCE, keys: verificationKeys });
const journal = new Journal();
const oidc = provider.callback();
handler = async (request, response) => {
  const { pathname } = new URL(request.url, origin);
  if (pathname === '/api' || pathname.startsWith('/api/')) {
    return api.answer(request, response);
  }
  if (pathname.startsWith('/interaction/')) {
    return interact(provider, request, response);
  }
  if (pathname.startsWith('/token-requests/')) {
    response.end(`${journal.count(pathname.split('/').at(-1))}`);
    return undefined;
  }
  if (pathname === '/oauth/token') {
    // The provider rejects malformed proofs.
    await journal.note(request).catch(() => {});
  }
  if (pathname === '/authorize') {
    request.url = withConsent(request.url);
  }
  return oidc(request, response);
};

process.stdout.write(
  `${JSON.stringify({
    issuer,
    discovery: `${origin}/.well-known/openid-configuration`,
    token_endpoint: `${origin}/oauth/token`,
    token_requests: `${origin}/token-requests`,
    api: `${origin}/api`,
    audience: AUDIENCE,
    scopes: SCOPES,
    mtls: {
      token_endpoint: `${mtlsOrigin}/oauth/token`,
      api: `${mtlsOrigin}/api`,
      ca: certificates.ca,
    },
    clients: Object.fromEntries(registered.map(({ name, told }) => [name, told])),
    accounts: ACCOUNTS,
    default_account: DEFAULT_ACCOUNT,
  })}\n`,
);

// Listens on a free port and returns the origin.
function listen(server, scheme) {
  // Keep idle connections, so that a slow test does not use one that is being closed.
  server.keepAliveTimeout = 120_000;
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`${scheme}://127.0.0.1:${server.address().port}`));
  });
}

// oidc-provider drops `offline_access` without `prompt=consent` (OpenID Connect Core §11). Auth0 does not require it, so the
// SDK does not send it.
function withConsent(target) {
  const url = new URL(target, origin);
  const query = url.searchParams;
  if (query.get('scope')?.split(' ').includes('offline_access') && !query.has('prompt')) {
    query.set('prompt', 'consent');
  }
  return url.pathname + url.search;
}
