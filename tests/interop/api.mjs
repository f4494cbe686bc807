// An API that accepts the provider's tokens: Bearer (RFC 6750) and, with a proof and a nonce, DPoP (RFC 9449 §7 and §9).
// Every path below /api returns what the API understood of the request.

import { createHash, randomBytes } from 'node:crypto';

import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';

// Maximum age of a proof, in seconds.
const AGE = 60;

class Refusal extends Error {
  constructor(scheme, error, description, nonce) {
    super(description);
    this.scheme = scheme;
    this.error = error;
    this.nonce = nonce;
  }
}

export class Api {
  #expected;

  #keys;

  // One per key, so that concurrent tests do not affect each other.
  #nonces = new Map();

  #proofsSeen = new Set();

  constructor({ issuer, audience, keys }) {
    this.#expected = { issuer, audience, typ: 'at+jwt' };
    this.#keys = keys;
  }

  async answer(request, response) {
    const url = new URL(request.url, `http${request.socket.encrypted ? 's' : ''}://${request.headers.host}`);
    try {
      const { scheme, token, claims } = await this.#verifyToken(request);
      // Makes the nonce stale, in place of waiting. It requires no proof, because a proof would need a nonce.
      if (request.method === 'POST' && url.pathname === '/api/forget-nonce') {
        this.#nonces.delete(claims.cnf?.jkt);
        response.writeHead(204).end();
        return;
      }
      if (scheme === 'DPoP') {
        await this.#verifyProof(request, url, token, claims.cnf.jkt);
      }
      const { sub, client_id, scope } = claims;
      const body = { method: request.method, path: url.pathname, scheme, sub, client_id, scope };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    } catch (error) {
      if (error instanceof Refusal) {
        refuse(response, error);
      } else {
        console.error(error);
        response.writeHead(500).end();
      }
    }
  }

  #nonceFor(thumbprint) {
    if (!this.#nonces.has(thumbprint)) {
      this.#nonces.set(thumbprint, randomBytes(16).toString('base64url'));
    }
    return this.#nonces.get(thumbprint);
  }

  async #verifyToken(request) {
    const [scheme, token] = (request.headers.authorization ?? '').split(' ');
    const kind = { bearer: 'Bearer', dpop: 'DPoP' }[scheme.toLowerCase()];
    if (!token || !kind) {
      throw new Refusal('any', undefined, 'no token');
    }
    const { payload: claims } = await jwtVerify(token, this.#keys, this.#expected).catch((cause) => {
      throw new Refusal(kind, 'invalid_token', cause.message);
    });
    // A bound token is not accepted as a Bearer token, nor the reverse.
    if ((kind === 'DPoP') !== Boolean(claims.cnf?.jkt)) {
      throw new Refusal(kind, 'invalid_token', `not a ${kind} token`);
    }
    return { scheme: kind, token, claims };
  }

  async #verifyProof(request, url, token, thumbprint) {
    const wrong = (what) => new Refusal('DPoP', 'invalid_dpop_proof', what);
    const proof = request.headers.dpop ?? '';
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      typ: 'dpop+jwt',
      algorithms: ['ES256'],
    }).catch((cause) => {
      throw wrong(cause.message);
    });
    const expected = {
      htm: request.method,
      htu: url.origin + url.pathname,
      ath: createHash('sha256').update(token).digest('base64url'),
    };
    for (const [claim, value] of Object.entries(expected)) {
      if (payload[claim] !== value) {
        throw wrong(`${claim}: expected ${value}, found ${payload[claim]}`);
      }
    }
    if ((await calculateJwkThumbprint(protectedHeader.jwk)) !== thumbprint) {
      throw wrong('the proof is of another key than the token');
    }
    if (!Number.isInteger(payload.iat) || Math.abs(Date.now() / 1000 - payload.iat) > AGE) {
      throw wrong('iat: expected now');
    }
    const nonce = this.#nonceFor(thumbprint);
    if (payload.nonce !== nonce) {
      throw new Refusal('DPoP', 'use_dpop_nonce', 'a nonce is needed', nonce);
    }
    if (typeof payload.jti !== 'string' || this.#proofsSeen.has(payload.jti)) {
      throw wrong('jti: expected one that was never used');
    }
    this.#proofsSeen.add(payload.jti);
  }
}

function refuse(response, { scheme, error, message, nonce }) {
  // jose quotes the names of claims, and a quote would end the quoted string here.
  const told = error ? ` error="${error}", error_description="${message.replaceAll('"', "'")}"` : '';
  const challenge = {
    Bearer: [`Bearer${told}`],
    DPoP: [`DPoP${told}${told ? ',' : ''} algs="ES256"`],
    // Without a token, the challenge lists both schemes (RFC 9449 §7.2).
    any: ['Bearer', 'DPoP algs="ES256"'],
  };
  response.writeHead(401, {
    'www-authenticate': challenge[scheme],
    'content-type': 'application/json',
    ...(nonce ? { 'DPoP-Nonce': nonce } : {}),
  });
  response.end(JSON.stringify({ status: 401, title: message }));
}
