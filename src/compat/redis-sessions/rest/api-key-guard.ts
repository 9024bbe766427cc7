import { hash, timingSafeEqual } from 'node:crypto';
import type { Guard } from '@inversifyjs/http-core';
import { inject, injectable } from 'inversify';
import { RestOptions } from './rest-options.js';
import { faultResponse } from './rest-response.js';

/** Header of the API key. `Authorization` is not used, because it holds the token of a session that polls. */
export const apiKeyHeader = 'x-api-key';

interface WithHeaders {
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}

/** Refuses requests without the API key, if one is set. */
@injectable()
export class ApiKeyGuard implements Guard<WithHeaders> {
  readonly #digest: Buffer | undefined;

  constructor(@inject(RestOptions) { apiKey }: RestOptions) {
    this.#digest = apiKey === undefined ? undefined : digestOf(apiKey);
  }

  activate(request: WithHeaders): boolean {
    if (this.#digest === undefined) return true;
    const sent = request.headers[apiKeyHeader];
    // `timingSafeEqual` needs equal lengths, and a length check would reveal the length of the key. Digests have one
    // length.
    if (typeof sent === 'string' && timingSafeEqual(digestOf(sent), this.#digest)) return true;
    throw faultResponse(401, { name: 'unauthorized', message: 'The header X-API-Key is missing or wrong' });
  }
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
