import { injectable } from 'inversify';
import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import type { Cursor } from '../../mailbox/cursor.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import type { ChangeFeed, ChangeWatcher } from '../../store/change-feed.js';
import type { ClosedSession, NewSession, SessionRecord, SessionReference } from '../../store/session-record.js';
import {
  type AccountRotation,
  type AppendOutcome,
  type AppPage,
  type AppQuery,
  type AttributePatch,
  type Contact,
  type Insertion,
  type OnceInsertion,
  type PresenceCounts,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  type Replacement,
  SessionStore,
  type Slice,
} from '../../store/session-store.js';
import { newId } from '../../store/session-token.js';
import type { StoreListener } from '../../store/store-listener.js';
import type { AdoptedSession, TokenAlias, TokenAliases } from '../../store/token-aliases.js';
import { type Clock, SystemClock } from '../../time/clock.js';
import { Adoption } from './adoption.js';
import { AppWalk } from './app-walk.js';
import { CallRoutes } from './call-routes.js';
import { ChangeReceivers } from './change-receivers.js';
import { RedisConnection } from './connection.js';
import { DueWork } from './due-work.js';
import { Handover } from './handover.js';
import { Keys } from './keys.js';
import { NodeHeartbeat } from './node-heartbeat.js';
import { NoticeReceiver } from './notice-receiver.js';
import { ping } from './ping.js';
import { Program, serverTime } from './program.js';
import { checkRedisOptions, type RedisStoreOptions } from './redis-options.js';
import {
  accepted,
  closedOf,
  contactOf,
  insertionOf,
  listedRecordOf,
  onceInsertionOf,
  outcomeOf,
  ownRecordOf,
} from './reply-decoders.js';
import { SessionCalls, weightOf } from './session-calls.js';
import { asUnavailable } from './unavailable.js';

/**
 * A store for sessions in a Redis that many processes share. The rules are in `scripts/`. The server runs one script at
 * a time, so that each operation is atomic. This class calls the scripts and decodes their replies.
 */
@injectable()
export class RedisStore extends SessionStore implements ChangeFeed, TokenAliases {
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #queue: CallRoutes;
  readonly #walk: AppWalk;
  readonly #calls: SessionCalls;
  readonly #dueWork: DueWork;
  readonly #handover: Handover;
  readonly #adoption: Adoption;
  readonly #heartbeat: NodeHeartbeat;
  readonly #changes: ChangeReceivers;
  /** The name of this node among the nodes that share the sessions. */
  readonly #node = newId('').slice(0, 12);
  #notices: NoticeReceiver | undefined;

  /**
   * @param timeSource Lua that defines the local function `microseconds`, for tests
   * @throws SessionError `INVALID_CONTEXT`
   */
  constructor(
    context: SessionContext,
    options: RedisStoreOptions = {},
    timeSource: string = serverTime,
    clock: Clock = new SystemClock(),
  ) {
    super();
    const checked = checkRedisOptions(options);
    const { keyPrefix, buckets } = checked;
    this.#keys = new Keys(keyPrefix, buckets);
    this.#connection = new RedisConnection(checked);
    const { isCluster } = this.#connection;
    const program = new Program(context, { keyPrefix, isCluster, timeSource });
    this.#queue = new CallRoutes(this.#connection, program, this.#keys, checked);
    this.#calls = new SessionCalls(this.#queue, this.#keys);
    this.#walk = new AppWalk(this.#queue, this.#keys);
    this.#dueWork = new DueWork(this.#queue, this.#keys, this.#node);
    this.#handover = new Handover(this.#queue, this.#keys, isCluster);
    this.#adoption = new Adoption(this.#queue, this.#keys);
    this.#heartbeat = new NodeHeartbeat(this.#queue, this.#keys, this.#node, clock);
    this.#changes = new ChangeReceivers(this.#connection, this.#keys, clock);
  }

  async open(listener: StoreListener): Promise<void> {
    await this.#queue.open(
      () => listener.missed(),
      () => this.#renewSubscriptions(),
    );
    const notices = new NoticeReceiver(this.#connection, this.#keys, this.#node, listener);
    this.#notices = notices;
    try {
      await notices.open();
      await this.#heartbeat.start(notices);
    } catch (error) {
      // Some buckets may have registered this node.
      await this.#heartbeat.leave();
      await notices.close();
      await this.#queue.close();
      throw asUnavailable(error);
    }
  }

  async close(): Promise<void> {
    await this.#heartbeat.stop();
    await this.#dueWork.settle();
    await this.#heartbeat.leave();
    await this.#queue.settle();
    await this.#notices?.close();
    await this.#changes.close();
    await this.#queue.close();
  }

  ping(): Promise<void> {
    return ping(this.#queue, this.#keys, this.#connection.isCluster);
  }

  idPrefix(app: string, accountId: string): string {
    return this.#keys.placeOf(app, accountId).bucket;
  }

  insert(session: NewSession): Promise<Insertion> {
    return this.#calls.insert('insert', session, insertionOf);
  }

  insertOnce(session: NewSession): Promise<OnceInsertion> {
    return this.#calls.insert('insertOnce', session, onceInsertionOf);
  }

  async authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    return this.#calls.onSession('authenticate', app, id, [secretHash], (reply) => contactOf(app, id, reply));
  }

  get(app: string, id: string): Promise<SessionRecord> {
    return this.#calls.record('get', app, id, []);
  }

  async touch(app: string, id: string, { activity, ttl }: Renewal): Promise<Contact> {
    return this.#calls.onSession('touch', app, id, [activity ? 1 : 0, ttl ?? 0], (reply) => contactOf(app, id, reply));
  }

  patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    return this.#calls.patch('patch', app, id, [], attributes, (reply) => ownRecordOf(app, id, reply));
  }

  patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact> {
    return this.#calls.patch('patchAsBearer', app, id, [secretHash], attributes, (reply) => contactOf(app, id, reply));
  }

  rotate(app: string, id: string, secretHash: string, keepOpen: boolean): Promise<SessionRecord> {
    return this.#calls.record('rotate', app, id, [secretHash, keepOpen ? 1 : 0]);
  }

  async rotateAndEndOthers(app: string, accountId: string, id: string, secretHash: string): Promise<AccountRotation> {
    return this.#calls.rotateAndEndOthers(app, accountId, id, secretHash);
  }

  reauthenticate(app: string, id: string, level: number | undefined): Promise<SessionRecord> {
    return this.#calls.record('reauthenticate', app, id, [level ?? -1]);
  }

  recordClient(app: string, id: string, ip: string, userAgent: string): Promise<SessionRecord> {
    return this.#calls.record('recordClient', app, id, [ip, userAgent]);
  }

  async replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    return this.#handover.replace(app, newId, oldId);
  }

  end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#calls.end('end', app, id, [reason]);
  }

  endAsBearer(app: string, id: string, secretHash: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#calls.end('endAsBearer', app, id, [secretHash, reason]);
  }

  endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]> {
    return this.#calls.onAccount('endAccount', app, accountId, [reason, except ?? ''], closedOf);
  }

  endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    return this.#walk.endAll(app, reason);
  }

  listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    return this.#calls.onAccount('listAccount', app, accountId, [], (reply) => listedRecordOf(app, reply));
  }

  listApp(app: string, query: AppQuery): Promise<AppPage> {
    return this.#walk.page(app, query);
  }

  scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    return this.#walk.scan(app, size);
  }

  countSessions(app: string): Promise<number> {
    return this.#walk.countSessions(app);
  }

  countPresence(): Promise<PresenceCounts> {
    return this.#walk.countPresence();
  }

  countActiveAccounts(app: string, within: number): Promise<number> {
    return this.#walk.countActiveAccounts(app, within);
  }

  append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    return this.#calls.append(app, id, message);
  }

  appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const args = [message.key ?? '', message.json];
    return this.#calls.onAccount('appendToAccount', app, accountId, args, outcomeOf, weightOf(message));
  }

  appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    return this.#calls.appendToEach(app, ids, message);
  }

  read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    return this.#calls.read(app, id, request, this.#node);
  }

  async acknowledge(app: string, id: string, reader: string, place: Cursor): Promise<void> {
    const { epoch, offset, proof } = place;
    await this.#calls.onSessionIfKnown('acknowledge', app, id, [reader, epoch, offset, proof]);
  }

  async acknowledgeAsBearer(app: string, id: string, secretHash: string, reader: string, place: Cursor): Promise<void> {
    const { epoch, offset, proof } = place;
    const args = [secretHash, reader, epoch, offset, proof];
    await this.#calls.onSession('acknowledgeAsBearer', app, id, args, accepted);
  }

  async release(app: string, id: string, reader: string): Promise<void> {
    await this.#calls.onSessionIfKnown('release', app, id, [reader, this.#node]);
  }

  sweep(limit: number): Promise<Slice<ClosedSession>> {
    return this.#dueWork.sweep(limit);
  }

  judgePresence(limit: number): Promise<Slice<SessionReference>> {
    return this.#dueWork.judgePresence(limit);
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

  watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    return this.#changes.watch(watcher);
  }

  /** Replaces the connections of all subscriptions: they may still lead to a server that is not the master any more. */
  #renewSubscriptions(): void {
    this.#notices?.moved();
    this.#changes.moved();
  }
}
