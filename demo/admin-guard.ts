import { hash, timingSafeEqual } from 'node:crypto';
import { ErrorHttpResponse, type Guard } from '@inversifyjs/http-core';
import type { FastifyRequest } from 'fastify';
import { inject, injectable } from 'inversify';

/** The key that a client must send in the header `X-Admin-Key` to push messages. */
export class AdminKey {
  readonly #digest: Buffer;

  constructor(key: string) {
    this.#digest = hash('sha256', key, 'buffer');
  }

  /** Compares digests, because a comparison in constant time requires values of the same length. */
  matches(key: string): boolean {
    return timingSafeEqual(hash('sha256', key, 'buffer'), this.#digest);
  }
}

@injectable()
export class AdminGuard implements Guard<FastifyRequest> {
  readonly #key: AdminKey;

  constructor(@inject(AdminKey) key: AdminKey) {
    this.#key = key;
  }

  activate(request: FastifyRequest): boolean {
    const sent = request.headers['x-admin-key'];
    if (typeof sent === 'string' && this.#key.matches(sent)) return true;
    const detail = 'The header X-Admin-Key is missing or wrong';
    const body = JSON.stringify({ title: 'Forbidden', status: 403, detail });
    throw new ErrorHttpResponse(403, body, detail, undefined, { 'content-type': 'application/problem+json' });
  }
}
