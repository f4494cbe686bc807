// Counts token requests with a proof by key, because the client does not report retries.

import { calculateJwkThumbprint, decodeProtectedHeader } from 'jose';

export class Journal {
  #counts = new Map();

  async note(request) {
    const proof = request.headers.dpop;
    if (proof) {
      const thumbprint = await calculateJwkThumbprint(decodeProtectedHeader(proof).jwk);
      this.#counts.set(thumbprint, this.count(thumbprint) + 1);
    }
  }

  count(thumbprint) {
    return this.#counts.get(thumbprint) ?? 0;
  }
}
