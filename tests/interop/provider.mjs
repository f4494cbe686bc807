// The configuration of oidc-provider, as similar to Auth0 as it allows.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { createLocalJWKSet } from 'jose';
import { Provider, errors } from 'oidc-provider';

import { findAccount } from './accounts.mjs';

// The API of the access tokens.
export const AUDIENCE = 'https://api.example.com/';
export const SCOPES = ['read:members', 'update:members', 'read:tenants'];

const SIGNATURES = ['RS256', 'RS384', 'PS256', 'PS384', 'ES256', 'ES384'];

export async function makeProvider(issuer, mtlsOrigin, clients) {
  // Two key types, so that a client has to select the key by its id.
  const keys = [
    signingKey('rsa', { modulusLength: 2048 }),
    signingKey('ec', { namedCurve: 'P-256' }),
  ];
  const provider = new Provider(issuer, {
    clients: clients.map(({ known }) => known),
    jwks: { keys: keys.map(({ secret }) => secret) },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    findAccount,
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    // Like Auth0, include the claims of the scopes in the ID token.
    conformIdTokenClaims: false,
    scopes: ['openid', 'offline_access'],
    extraParams: ['audience', 'organization'],
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    enabledJWA: { clientAuthSigningAlgValues: SIGNATURES },
    clientAuthMethods: [
      'client_secret_post', 'client_secret_basic', 'private_key_jwt', 'none', 'tls_client_auth',
      'self_signed_tls_client_auth',
    ],
    discovery: {
      mtls_endpoint_aliases: {
        token_endpoint: `${mtlsOrigin}/oauth/token`,
        device_authorization_endpoint: `${mtlsOrigin}/oauth/device/code`,
      },
    },
    routes: {
      authorization: '/authorize',
      token: '/oauth/token',
      device_authorization: '/oauth/device/code',
      code_verification: '/activate',
      jwks: '/.well-known/jwks.json',
      userinfo: '/userinfo',
      revocation: '/oauth/revoke',
    },
    features: {
      devInteractions: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        selfSignedTlsClientAuth: true,
        getCertificate: (ctx) => certificate(ctx)?.toString(),
        certificateAuthorized: (ctx) => ctx.socket.authorized,
        certificateSubjectMatches: (ctx, property, expected) =>
          property === 'tls_client_auth_subject_dn' && certificate(ctx).subject === expected,
      },
      resourceIndicators: { enabled: true, defaultResource, getResourceServerInfo, useGrantedResource: () => true },
    },
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      ClientCredentials: 600,
      DeviceCode: 300,
      Grant: 86_400,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 86_400,
      Session: 86_400,
    },
  });
  // Without an interval the default is five seconds (RFC 8628 §3.2), which is too long for a test.
  provider.on('device_authorization.success', (_ctx, body) => {
    body.interval = 1;
  });
  provider.on('server_error', (_ctx, error) => console.error(error));
  return { provider, verificationKeys: createLocalJWKSet({ keys: keys.map(({ open }) => open) }) };
}

// Auth0 uses `audience` in place of `resource` (RFC 8707); both are supported. oidc-provider also calls this to reduce several
// resources to one.
function defaultResource(ctx, _client, oneOf) {
  return oneOf?.[0] ?? ctx.oidc.params?.audience ?? ctx.oidc.body?.audience;
}

function getResourceServerInfo(_ctx, resource) {
  if (resource !== AUDIENCE) {
    throw new errors.InvalidTarget();
  }
  return {
    scope: SCOPES.join(' '),
    audience: AUDIENCE,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  };
}

// The client certificate, or undefined without TLS.
function certificate(ctx) {
  return ctx.socket.getPeerX509Certificate?.();
}

function signingKey(type, options) {
  const { privateKey, publicKey } = generateKeyPairSync(type, options);
  const more = { kid: `provider-${type}`, use: 'sig' };
  return {
    secret: { ...privateKey.export({ format: 'jwk' }), ...more },
    open: { ...publicKey.export({ format: 'jwk' }), ...more },
  };
}
