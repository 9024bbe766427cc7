import { hashSecret, idOf, secretOf } from '../../store/session-token.js';
import type { AdoptedSession, TokenAlias } from '../../store/token-aliases.js';
import type { Argument, Calls } from './calls.js';
import type { Keys } from './keys.js';
import { accepted, numberAt, type Reply, textAt } from './reply-decoders.js';

/**
 * Milliseconds for which an alias is kept in addition to twice the session's ttl. Allows for the two steps of an
 * adoption, and for clock drift.
 */
const slackMs = 60_000;
/** Maximum lifetime of an alias in milliseconds, about 30,000 years. Redis may reject a much longer lifetime. */
const longestMs = 1_000_000_000_000_000;

/**
 * Adopts sessions of another system with the tokens that their clients hold. Such a token does not begin with the name
 * of a bucket. Therefore the hash of the token determines the bucket of its alias. The session is in the bucket of its
 * account.
 */
export class Adoption {
  readonly #queue: Calls;
  readonly #keys: Keys;

  constructor(queue: Calls, keys: Keys) {
    this.#queue = queue;
    this.#keys = keys;
  }

  async adopt(token: string, session: AdoptedSession): Promise<boolean> {
    const { app, accountId, ttl } = session;
    if (await this.isAdopted(app, token)) return false;
    const { bucket, accountScore } = this.#keys.placeOf(app, accountId);
    // The id is derived from the token, so that a repeated adoption finds the session of an interrupted one.
    const id = idOf(bucket, `${app}\n${token}`);
    const isNew = await this.#queue.call({
      bucket,
      operation: 'adopt',
      keys: [this.#keys.session(bucket, app, id), this.#keys.index(bucket, app)],
      args: argumentsOf(session, accountScore, hashSecret(secretOf(token))),
      decode: isOne,
    });
    const { bucket: aliasBucket, key } = this.#keys.alias(app, token);
    await this.#queue.call({
      bucket: aliasBucket,
      operation: 'alias',
      keys: [key],
      args: [id, Math.min(2 * ttl + slackMs, longestMs)],
      decode: accepted,
    });
    return isNew;
  }

  async isAdopted(app: string, token: string): Promise<boolean> {
    return (await this.#find(app, token, 0)) !== undefined;
  }

  resolveAlias(app: string, token: string): Promise<TokenAlias | undefined> {
    return this.#find(app, token, 1);
  }

  #find(app: string, token: string, extend: 0 | 1): Promise<TokenAlias | undefined> {
    const { bucket, key } = this.#keys.alias(app, token);
    return this.#queue.call({ bucket, operation: 'resolveAlias', keys: [key], args: [extend], decode: aliasOf });
  }
}

function argumentsOf(session: AdoptedSession, accountScore: number, secretHash: string): readonly Argument[] {
  const { accountId, ip, userAgent, ttl, maxAge, createdAt, lastTime, reads, writes, attributes } = session;
  const entries = Object.entries(attributes);
  return [
    ...[accountId, accountScore, secretHash, ip, userAgent, ttl, maxAge, createdAt, lastTime, reads, writes],
    ...[entries.length, ...entries.flat()],
  ];
}

function isOne(reply: Reply): boolean {
  return numberAt(accepted(reply), 1) === 1;
}

function aliasOf(reply: Reply): TokenAlias | undefined {
  const id = textAt(accepted(reply), 1);
  // An alias is kept for more than two ttls. If it is looked up once in each ttl, it can't expire before its session.
  return id === '' ? undefined : { id, rememberFor: Math.floor((numberAt(reply, 2) - slackMs) / 2) };
}
