import { sessionUnknown } from '../../errors/session-error.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import { type ClosedSession, defaultLevel, type NewSession, type SessionRecord } from '../../store/session-record.js';
import type {
  AccountRotation,
  AppendOutcome,
  AttributePatch,
  ReadRequest,
  ReadResult,
} from '../../store/session-store.js';
import type { Argument, Calls } from './calls.js';
import type { Keys } from './keys.js';
import {
  accepted,
  closedOf,
  listAt,
  listsAt,
  outcomeOf,
  ownRecordOf,
  type Reply,
  readResultOf,
  rotationOf,
} from './reply-decoders.js';

/** Maximum number of mailboxes that one call appends to. */
const appendStep = 100;

/** Makes the calls for one session or one account: finds the bucket and the keys, and arranges the arguments. */
export class SessionCalls {
  readonly #queue: Calls;
  readonly #keys: Keys;

  constructor(queue: Calls, keys: Keys) {
    this.#queue = queue;
    this.#keys = keys;
  }

  insert<Result>(
    operation: string,
    session: NewSession,
    decode: (session: NewSession, reply: Reply) => Result,
  ): Promise<Result> {
    const { app, id, accountId, secretHash, maxSession, ip, userAgent, ttl, maxAge, level } = session;
    const { bucket, accountScore } = this.#keys.placeOf(app, accountId);
    const attributes = Object.entries(session.attributes);
    const args: Argument[] = [accountId, accountScore, secretHash, maxSession, ip, userAgent, ttl, maxAge];
    args.push(level ?? defaultLevel, attributes.length);
    for (const [key, text] of attributes) args.push(key, text);
    return this.#queue.call({
      bucket,
      operation,
      keys: [this.#keys.session(bucket, app, id), this.#keys.index(bucket, app)],
      args,
      decode: (reply) => decode(session, reply),
    });
  }

  async onSession<Result>(
    operation: string,
    app: string,
    id: string,
    args: readonly Argument[],
    decode: (reply: Reply) => Result,
    weight = 1,
  ): Promise<Result> {
    const bucket = this.requireBucket(id);
    return this.#queue.call({ bucket, operation, keys: [this.#keys.session(bucket, app, id)], args, decode, weight });
  }

  read(app: string, id: string, request: ReadRequest, node: string): Promise<ReadResult> {
    const { reader, after, goesOn, limit, wait, secretHash, generation, ticket } = request;
    // An epoch has no capital letters, so it can't be mistaken for these words.
    const from = after === '' ? 'OLDEST' : (after?.epoch ?? 'KNOWN');
    const { offset, proof } = typeof after === 'object' ? after : { offset: 0, proof: 0 };
    const bearer = [secretHash ?? '', generation ?? -1];
    const place = [reader, from, offset, proof, goesOn === true ? 0 : 1];
    const args = [...bearer, ...place, limit, Math.ceil(wait), node, ticket];
    return this.onSession('read', app, id, args, readResultOf);
  }

  /** `onSession` for operations whose reply is the session's record. */
  record(operation: string, app: string, id: string, args: readonly Argument[]): Promise<SessionRecord> {
    return this.onSession(operation, app, id, args, (reply) => ownRecordOf(app, id, reply));
  }

  /** Like `onSession`, but accepts any id, for operations that have no effect on a session that is not live. */
  async onSessionIfKnown(operation: string, app: string, id: string, args: readonly Argument[]): Promise<void> {
    if (this.#keys.bucketOf(id) !== undefined) await this.onSession(operation, app, id, args, accepted);
  }

  async patch<Result>(
    operation: string,
    app: string,
    id: string,
    proof: readonly string[],
    attributes: AttributePatch,
    decode: (reply: Reply) => Result,
  ): Promise<Result> {
    const bucket = this.requireBucket(id);
    const set: string[] = [];
    const deleted: string[] = [];
    for (const [key, text] of Object.entries(attributes)) {
      if (text === null) deleted.push(key);
      else set.push(key, text);
    }
    const keys = [this.#keys.session(bucket, app, id), this.#keys.attributes(bucket, app, id)];
    const args = [...proof, set.length / 2, ...set, deleted.length, ...deleted];
    return this.#queue.call({ bucket, operation, keys, args, decode });
  }

  async end(operation: string, app: string, id: string, args: readonly string[]): Promise<ClosedSession | undefined> {
    if (this.#keys.bucketOf(id) === undefined) return undefined;
    return this.onSession(operation, app, id, args, (reply) =>
      Number(reply[0]) === 0 ? undefined : closedOf(listAt(accepted(reply), 1)),
    );
  }

  async rotateAndEndOthers(app: string, accountId: string, id: string, secretHash: string): Promise<AccountRotation> {
    const { bucket, accountScore } = this.#keys.placeOf(app, accountId);
    // An id of another bucket can't belong to a session of this account.
    if (this.requireBucket(id) !== bucket) throw sessionUnknown();
    return this.#queue.call({
      bucket,
      operation: 'rotateAndEndOthers',
      keys: [this.#keys.session(bucket, app, id), this.#keys.index(bucket, app)],
      args: [accountScore, accountId, secretHash],
      decode: (reply) => rotationOf(app, id, reply),
    });
  }

  append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    const args = [message.key ?? '', message.json];
    const decode = (reply: Reply) => outcomeOf(listAt(accepted(reply), 1));
    return this.onSession('append', app, id, args, decode, weightOf(message));
  }

  async appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const outcomes: Promise<readonly AppendOutcome[]>[] = [];
    for (const [bucket, keys] of this.#keys.sessionsByBucket(app, ids)) {
      for (let start = 0; start < keys.length; start += appendStep) {
        const step = keys.slice(start, start + appendStep);
        outcomes.push(
          this.#queue.call({
            bucket,
            operation: 'appendToEach',
            keys: step,
            args: [step.length, message.key ?? '', message.json],
            decode: (reply) => listsAt(accepted(reply), 1).map(outcomeOf),
            weight: step.length * weightOf(message),
          }),
        );
      }
    }
    return (await Promise.all(outcomes)).flat();
  }

  onAccount<Item>(
    operation: string,
    app: string,
    accountId: string,
    args: readonly Argument[],
    decodeItem: (reply: Reply) => Item,
    weight = 1,
  ): Promise<readonly Item[]> {
    const { bucket, accountScore } = this.#keys.placeOf(app, accountId);
    return this.#queue.call({
      bucket,
      operation,
      keys: [this.#keys.index(bucket, app)],
      args: [accountScore, accountId, ...args],
      decode: (reply) => listsAt(accepted(reply), 1).map(decodeItem),
      weight,
    });
  }

  /** @throws SessionError `SESSION_UNKNOWN` for an id that no session can have */
  requireBucket(id: string): string {
    const bucket = this.#keys.bucketOf(id);
    if (bucket === undefined) throw sessionUnknown('unknown');
    return bucket;
  }
}

/** Returns the weight of a call that appends this message. A very large message gets a separate run of the program. */
export function weightOf({ bytes }: OutgoingMessage): number {
  return 1 + Math.floor(bytes / 2_048);
}
