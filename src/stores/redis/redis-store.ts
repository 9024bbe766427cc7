import { injectable } from 'inversify';
import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import { sessionUnknown } from '../../errors/session-error.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import type { ChangeFeed, ChangeWatcher } from '../../store/change-feed.js';
import type { ClosedSession, NewSession, SessionRecord, SessionReference } from '../../store/session-record.js';
import {
  type AppendOutcome,
  type AppPage,
  type AppQuery,
  type AttributePatch,
  type Contact,
  type Insertion,
  type OnceInsertion,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  type Replacement,
  SessionStore,
  type Slice,
  type StoreListener,
} from '../../store/session-store.js';
import { newId } from '../../store/session-token.js';
import type { AdoptedSession, TokenAlias, TokenAliases } from '../../store/token-aliases.js';
import { type Clock, SystemClock } from '../../time/clock.js';
import { Adoption } from './adoption.js';
import { AppWalk } from './app-walk.js';
import { Attendance } from './attendance.js';
import { Background } from './background.js';
import { type Argument, CallQueue } from './call-queue.js';
import { ChangeBoard } from './change-board.js';
import { RedisConnection } from './connection.js';
import { Handover } from './handover.js';
import { Keys, requireBuckets, requireKeyPrefix } from './keys.js';
import { NoticeBoard } from './notice-board.js';
import { Program, serverTime } from './program.js';
import type { RedisStoreOptions } from './redis-options.js';
import {
  accepted,
  closedOf,
  contactOf,
  insertionOf,
  listAt,
  listedRecordOf,
  listsAt,
  onceInsertionOf,
  outcomeOf,
  ownRecordOf,
  type Reply,
  replacementOf,
  resultOf,
} from './replies.js';
import { asUnavailable } from './unavailable.js';

/** Mailboxes appended to in one call. */
const appendStep = 100;

/**
 * Sessions in a Redis that many processes share. The rules are in `scripts/`, which the server carries out one after
 * the other: that is what makes each operation one step. Here they are called, and their answers understood.
 */
@injectable()
export class RedisStore extends SessionStore implements ChangeFeed, TokenAliases {
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #queue: CallQueue;
  readonly #walk: AppWalk;
  readonly #background: Background;
  readonly #handover: Handover;
  readonly #adoption: Adoption;
  readonly #attendance: Attendance;
  /** What this node is called among those that share the sessions. */
  readonly #node = newId('').slice(0, 12);
  #notices: NoticeBoard | undefined;
  readonly #changeBoards = new Set<ChangeBoard>();

  /**
   * @param timeSource Lua that defines the local function `microseconds`, for tests
   * @throws SessionError `INVALID_ARGUMENT`
   */
  constructor(
    context: SessionContext,
    options: RedisStoreOptions = {},
    timeSource: string = serverTime,
    clock: Clock = new SystemClock(),
  ) {
    super();
    const keyPrefix = requireKeyPrefix(options.keyPrefix ?? 'session-mailbox:');
    this.#keys = new Keys(keyPrefix, requireBuckets(options.buckets ?? 64));
    this.#connection = new RedisConnection(options);
    const { isCluster } = this.#connection;
    this.#queue = new CallQueue(this.#connection, new Program(context, { keyPrefix, isCluster, timeSource }));
    this.#walk = new AppWalk(this.#queue, this.#keys);
    this.#background = new Background(this.#queue, this.#keys, this.#node);
    this.#handover = new Handover(this.#queue, this.#keys);
    this.#adoption = new Adoption(this.#queue, this.#keys);
    this.#attendance = new Attendance(this.#queue, this.#keys, this.#node, clock);
  }

  async open(listener: StoreListener): Promise<void> {
    await this.#connection.open(() => listener.missed());
    const notices = new NoticeBoard(this.#connection, this.#keys, this.#node, listener);
    this.#notices = notices;
    try {
      await notices.open();
      await this.#attendance.start(notices);
    } catch (error) {
      await notices.close();
      await this.#connection.close();
      throw asUnavailable(error);
    }
  }

  async close(): Promise<void> {
    await this.#attendance.stop();
    await this.#background.settle();
    await this.#attendance.leave();
    await this.#queue.settle();
    await this.#notices?.close();
    await Promise.all([...this.#changeBoards].map((board) => board.close()));
    await this.#connection.close();
  }

  async ping(): Promise<void> {
    await this.listAccount('default', '\n');
  }

  idPrefix(app: string, accountId: string): string {
    return this.#keys.placeOf(app, accountId).bucket;
  }

  insert(session: NewSession): Promise<Insertion> {
    return this.#insert('insert', session, insertionOf);
  }

  insertOnce(session: NewSession): Promise<OnceInsertion> {
    return this.#insert('insertOnce', session, onceInsertionOf);
  }

  async authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    return this.#onSession('authenticate', app, id, [secretHash], (reply) => contactOf(app, id, reply));
  }

  async get(app: string, id: string): Promise<SessionRecord> {
    return this.#onSession('get', app, id, [], (reply) => ownRecordOf(app, id, reply));
  }

  async touch(app: string, id: string, { activity, ttl }: Renewal): Promise<Contact> {
    return this.#onSession('touch', app, id, [activity ? 1 : 0, ttl ?? 0], (reply) => contactOf(app, id, reply));
  }

  patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    return this.#patch('patch', app, id, [], attributes, (reply) => ownRecordOf(app, id, reply));
  }

  patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact> {
    return this.#patch('patchAsBearer', app, id, [secretHash], attributes, (reply) => contactOf(app, id, reply));
  }

  async rotate(app: string, id: string, secretHash: string): Promise<SessionRecord> {
    return this.#onSession('rotate', app, id, [secretHash], (reply) => ownRecordOf(app, id, reply));
  }

  async replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    const newBucket = this.#requireBucket(newId);
    const oldBucket = this.#keys.bucketOf(oldId);
    if (oldBucket === undefined) {
      await this.get(app, newId);
      throw sessionUnknown();
    }
    if (this.#connection.isCluster && newBucket !== oldBucket) return this.#handover.replace(app, newId, oldId);
    return this.#queue.call({
      bucket: newBucket,
      operation: 'replace',
      keys: [this.#keys.session(newBucket, app, newId), this.#keys.session(oldBucket, app, oldId)],
      args: [],
      decode: (reply) => replacementOf(app, newId, reply),
    });
  }

  end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#end('end', app, id, [reason]);
  }

  endAsBearer(app: string, id: string, secretHash: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#end('endAsBearer', app, id, [secretHash, reason]);
  }

  endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]> {
    return this.#onAccount('endAccount', app, accountId, [reason, except ?? ''], closedOf);
  }

  endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    return this.#walk.endAll(app, reason);
  }

  listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    return this.#onAccount('listAccount', app, accountId, [], (reply) => listedRecordOf(app, reply));
  }

  listApp(app: string, query: AppQuery): Promise<AppPage> {
    return this.#walk.page(app, query);
  }

  scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    return this.#walk.scan(app, size);
  }

  countActiveAccounts(app: string, within: number): Promise<number> {
    return this.#walk.countActiveAccounts(app, within);
  }

  async append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    const args = [message.key ?? '', message.json];
    const decode = (reply: Reply) => outcomeOf(listAt(accepted(reply), 1));
    return this.#onSession('append', app, id, args, decode, weightOf(message));
  }

  appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const args = [message.key ?? '', message.json];
    return this.#onAccount('appendToAccount', app, accountId, args, outcomeOf, weightOf(message));
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

  async read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    const { reader, after, limit, wait, secretHash, ticket } = request;
    const from = after === '' ? 'oldest' : (after?.epoch ?? 'known');
    const offset = typeof after === 'object' ? after.offset : 0;
    const args = [secretHash ?? '', reader, from, offset, limit, Math.ceil(wait), this.#node, ticket];
    return this.#onSession('read', app, id, args, resultOf);
  }

  async acknowledge(app: string, id: string, reader: string, epoch: string, offset: number): Promise<void> {
    await this.#behindItsBack('acknowledge', app, id, [reader, epoch, offset]);
  }

  async release(app: string, id: string, reader: string): Promise<void> {
    await this.#behindItsBack('release', app, id, [reader, this.#node]);
  }

  sweep(limit: number): Promise<Slice<ClosedSession>> {
    return this.#background.sweep(limit);
  }

  judgePresence(limit: number): Promise<Slice<SessionReference>> {
    return this.#background.judgePresence(limit);
  }

  adopt(token: string, session: AdoptedSession): Promise<boolean> {
    return this.#adoption.adopt(token, session);
  }

  isAdopted(app: string, token: string): Promise<boolean> {
    return this.#adoption.isAdopted(app, token);
  }

  resolveAlias(app: string, token: string): Promise<TokenAlias | undefined> {
    return this.#adoption.resolveAlias(app, token);
  }

  /** Through a connection of its own: who asks for no changes pays for none. */
  async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    const board = new ChangeBoard(this.#connection, this.#keys, watcher);
    this.#changeBoards.add(board);
    const close = async () => {
      this.#changeBoards.delete(board);
      await board.close();
    };
    try {
      await board.open();
    } catch (error) {
      await close();
      throw asUnavailable(error);
    }
    return close;
  }

  #insert<Result>(
    operation: string,
    session: NewSession,
    decode: (session: NewSession, reply: Reply) => Result,
  ): Promise<Result> {
    const { app, id, accountId, secretHash, ip, userAgent, ttl, maxAge } = session;
    const { bucket, accountScore } = this.#keys.placeOf(app, accountId);
    const attributes = Object.entries(session.attributes);
    const args: Argument[] = [accountId, accountScore, secretHash, ip, userAgent, ttl, maxAge, attributes.length];
    for (const [key, text] of attributes) args.push(key, text);
    return this.#queue.call({
      bucket,
      operation,
      keys: [this.#keys.session(bucket, app, id), this.#keys.index(bucket, app)],
      args,
      decode: (reply) => decode(session, reply),
    });
  }

  #requireBucket(id: string): string {
    const bucket = this.#keys.bucketOf(id);
    if (bucket === undefined) throw sessionUnknown();
    return bucket;
  }

  async #patch<Result>(
    operation: string,
    app: string,
    id: string,
    proof: readonly string[],
    attributes: AttributePatch,
    decode: (reply: Reply) => Result,
  ): Promise<Result> {
    const bucket = this.#requireBucket(id);
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

  /** An id that no session can have is none that is live. */
  async #end(operation: string, app: string, id: string, args: readonly string[]): Promise<ClosedSession | undefined> {
    if (this.#keys.bucketOf(id) === undefined) return undefined;
    return this.#onSession(operation, app, id, args, (reply) =>
      Number(reply[0]) === 0 ? undefined : closedOf(listAt(accepted(reply), 1)),
    );
  }

  #onSession<Result>(
    operation: string,
    app: string,
    id: string,
    args: readonly Argument[],
    decode: (reply: Reply) => Result,
    weight = 1,
  ): Promise<Result> {
    const bucket = this.#requireBucket(id);
    return this.#queue.call({ bucket, operation, keys: [this.#keys.session(bucket, app, id)], args, decode, weight });
  }

  #onAccount<Item>(
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

  /** An id that no session can have is none that is live. */
  async #behindItsBack(operation: string, app: string, id: string, args: readonly Argument[]): Promise<void> {
    if (this.#keys.bucketOf(id) !== undefined) await this.#onSession(operation, app, id, args, accepted);
  }
}

/** A heavy message is served in a run of its own. */
function weightOf({ bytes }: OutgoingMessage): number {
  return 1 + Math.floor(bytes / 2_048);
}
