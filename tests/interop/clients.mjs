// The registered clients: for each, the registration of the provider and the data for tests.

import { X509Certificate, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

// Characters that form encoding changes, to detect clients that do not encode the secret in the Authorization header.
const AWKWARD_SECRET = 'a secret: 100% + /?&=~';

export function clients(certificates) {
  const rsa = keyPair('rsa', { modulusLength: 2048 });
  const p256 = keyPair('ec', { namedCurve: 'P-256' });
  const p384 = keyPair('ec', { namedCurve: 'P-384' });
  const selfSigned = certificates.selfSignedClient;
  return [
    machine('secret_post', secret('client_secret_post'), { scope: 'openid' }),
    machine('secret_basic', secret('client_secret_basic', AWKWARD_SECRET)),
    machine('rs256', privateKey('RS256', rsa)),
    machine('rs384', privateKey('RS384', rsa)),
    machine('ps256', privateKey('PS256', rsa)),
    machine('ps384', privateKey('PS384', rsa)),
    machine('es256', privateKey('ES256', p256)),
    machine('es384', privateKey('ES384', p384)),
    machine('mtls', {
      known: { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=client' },
      told: certificates.client,
    }),
    machine('mtls_self_signed', {
      known: {
        token_endpoint_auth_method: 'self_signed_tls_client_auth',
        jwks: { keys: [jwkOfCertificate(selfSigned.certificate)] },
      },
      told: selfSigned,
    }),
    // Requires DPoP.
    machine('dpop', secret('client_secret_post'), { dpop_bound_access_tokens: true }),
    user('native', { known: { token_endpoint_auth_method: 'none' }, told: {} }, {
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      // Loopback redirect URIs match with any port (RFC 8252 §7.3).
      redirect_uris: ['http://127.0.0.1/callback', 'http://[::1]/callback'],
    }),
    user('web', secret('client_secret_post'), {
      application_type: 'web',
      grant_types: ['authorization_code', 'refresh_token'],
      redirect_uris: ['https://app.example.com/callback'],
    }),
    user('device', { known: { token_endpoint_auth_method: 'none' }, told: {} }, {
      application_type: 'native',
      grant_types: [DEVICE_CODE, 'refresh_token'],
      response_types: [],
      redirect_uris: [],
    }),
  ];
}

// A client for client credentials.
function machine(name, credential, more = {}) {
  return user(name, credential, {
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    ...more,
  });
}

// A client for user logins.
function user(name, { known, told }, more) {
  const client_id = name.replaceAll('_', '-');
  const uris = more.redirect_uris.length > 0 ? { redirect_uris: more.redirect_uris } : {};
  return {
    name,
    known: { client_id, ...known, ...more },
    told: { client_id, ...told, ...uris },
  };
}

function secret(method, client_secret = 'not so secret, for it is in the source') {
  return { known: { token_endpoint_auth_method: method, client_secret }, told: { client_secret } };
}

function privateKey(algorithm, { jwk, pem, publicJwk }) {
  return {
    known: {
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: algorithm,
      jwks: { keys: [publicJwk] },
    },
    told: { algorithm, pem, jwk },
  };
}

// A signing key in all formats that programs use.
function keyPair(type, options) {
  const { privateKey: key, publicKey } = generateKeyPairSync(type, options);
  const kid = options.namedCurve ?? type;
  return {
    pem: key.export({ type: 'pkcs8', format: 'pem' }),
    jwk: { ...key.export({ format: 'jwk' }), kid },
    publicJwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' },
  };
}

function jwkOfCertificate(path) {
  const { raw } = new X509Certificate(readFileSync(path));
  return {
    ...createPublicKey(readFileSync(path)).export({ format: 'jwk' }),
    x5c: [raw.toString('base64')],
  };
}
