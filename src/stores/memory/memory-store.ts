import { setImmediate as nextTurn } from 'node:timers/promises';
import { inject, injectable, optional } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import { SessionError } from '../../errors/session-error.js';
import type { Cursor } from '../../mailbox/cursor.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import type { ChangeFeed, ChangeWatcher } from '../../store/change-feed.js';
import { AppWalks } from '../../store/engine/app-walks.js';
import { SessionEngine } from '../../store/engine/session-engine.js';
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
import type { StoreListener } from '../../store/store-listener.js';
import { Clock } from '../../time/clock.js';
import { MemoryNotices } from './memory-notices.js';
import { restoreSnapshot, writeSnapshot } from './memory-snapshot.js';
import { MemoryTables } from './memory-tables.js';
import { SnapshotFile } from './snapshot-file.js';

/** Number of entries visited in one turn of the event loop: takes well under a millisecond. */
const stepSize = 2_000;

/**
 * Sessions in the memory of this process. With a snapshot file they survive a restart; a crash loses them.
 *
 * Operations are atomic because JavaScript runs each step of the engine to its end before the next one begins.
 * Therefore no step may await anything.
 */
@injectable()
export class MemoryStore extends SessionStore implements ChangeFeed {
  readonly #context: SessionContext;
  readonly #clock: Clock;
  readonly #snapshot: SnapshotFile | undefined;
  readonly #tables = new MemoryTables();
  readonly #notices = new MemoryNotices();
  readonly #steps: SessionEngine;
  readonly #walks: AppWalks;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(Clock) clock: Clock,
    @inject(SnapshotFile) @optional() snapshot?: SnapshotFile,
  ) {
    super();
    this.#context = context;
    this.#clock = clock;
    this.#snapshot = snapshot;
    this.#steps = new SessionEngine({ context, tables: this.#tables, notices: this.#notices, node: undefined });
    this.#walks = new AppWalks(async (step) => {
      // Otherwise a walk that is in progress could end sessions while the snapshot is written.
      if (this.#state !== 'open') throw storeClosed();
      const result = step(this.#engine.apps, this.#clock.now());
      if (result.next !== undefined) await nextTurn();
      return result;
    }, stepSize);
  }

  /**
   * @throws SessionError `STORE_UNAVAILABLE` when the path of the snapshot can't be used, another user may have written
   * the snapshot, or a process has locked it
   */
  async open(listener: StoreListener): Promise<void> {
    this.#notices.listener = listener;
    if (this.#snapshot !== undefined) await restoreSnapshot(this.#snapshot, this.#tables, this.#clock);
  }

  async close(): Promise<void> {
    this.#state = 'closing';
    if (this.#snapshot !== undefined) {
      try {
        await writeSnapshot(this.#snapshot, this.#tables, this.#context, this.#clock);
      } finally {
        await this.#snapshot.unlock();
      }
    }
    this.#tables.clear();
    this.#notices.clear();
    this.#state = 'closed';
  }

  /**
   * A call may end after the store was closed, such as the read of a stream that the drain did not reach. To its empty
   * tables every session would be unknown, although the session may live on in the snapshot.
   * @throws SessionError `STORE_UNAVAILABLE` once the store is closed
   */
  get #engine(): SessionEngine {
    if (this.#state === 'closed') throw storeClosed();
    return this.#steps;
  }

  async ping(): Promise<void> {}

  idPrefix(): string {
    return '';
  }

  async insert(session: NewSession): Promise<Insertion> {
    return this.#engine.insert(session, this.#clock.now());
  }

  async insertOnce(session: NewSession): Promise<OnceInsertion> {
    return this.#engine.insertOnce(session, this.#clock.now());
  }

  async authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    return this.#engine.authenticate(app, id, secretHash, this.#clock.now());
  }

  async get(app: string, id: string): Promise<SessionRecord> {
    return this.#engine.get(app, id, this.#clock.now());
  }

  async touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    return this.#engine.touch(app, id, renewal, this.#clock.now());
  }

  async patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    return this.#engine.patch(app, id, attributes, this.#clock.now());
  }

  async patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact> {
    return this.#engine.patchAsBearer(app, id, secretHash, attributes, this.#clock.now());
  }

  async rotate(app: string, id: string, secretHash: string, keepOpen: boolean): Promise<SessionRecord> {
    return this.#engine.rotate(app, id, secretHash, keepOpen, this.#clock.now());
  }

  async rotateAndEndOthers(app: string, accountId: string, id: string, secretHash: string): Promise<AccountRotation> {
    return this.#engine.rotateAndEndOthers(app, accountId, id, secretHash, this.#clock.now());
  }

  async reauthenticate(app: string, id: string, level: number | undefined): Promise<SessionRecord> {
    return this.#engine.reauthenticate(app, id, level, this.#clock.now());
  }

  async recordClient(app: string, id: string, ip: string, userAgent: string): Promise<SessionRecord> {
    return this.#engine.recordClient(app, id, ip, userAgent, this.#clock.now());
  }

  async replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    return this.#engine.replace(app, newId, oldId, this.#clock.now());
  }

  async end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#engine.end(app, id, reason, this.#clock.now());
  }

  async endAsBearer(
    app: string,
    id: string,
    secretHash: string,
    reason: CloseReason,
  ): Promise<ClosedSession | undefined> {
    return this.#engine.endAsBearer(app, id, secretHash, reason, this.#clock.now());
  }

  async endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]> {
    return this.#engine.endAccount(app, accountId, reason, except, this.#clock.now());
  }

  endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    return this.#walks.endApp(app, reason);
  }

  async listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    return this.#engine.listAccount(app, accountId, this.#clock.now());
  }

  async listApp(app: string, query: AppQuery): Promise<AppPage> {
    return this.#walks.listApp(app, query);
  }

  scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    return this.#walks.scanApp(app, size);
  }

  async countSessions(app: string): Promise<number> {
    return this.#walks.countSessions(app);
  }

  async countPresence(): Promise<PresenceCounts> {
    return this.#walks.countPresence();
  }

  async countActiveAccounts(app: string, within: number): Promise<number> {
    return this.#walks.countActiveAccounts(app, within);
  }

  async append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    return this.#engine.append(app, id, message, this.#clock.now());
  }

  async appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    return this.#engine.appendToAccount(app, accountId, message, this.#clock.now());
  }

  async appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    return this.#engine.appendToEach(app, ids, message, this.#clock.now());
  }

  async read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    return this.#engine.read(app, id, request, this.#clock.now());
  }

  async acknowledge(app: string, id: string, reader: string, place: Cursor): Promise<void> {
    this.#engine.acknowledge(app, id, reader, place, this.#clock.now());
  }

  async acknowledgeAsBearer(app: string, id: string, secretHash: string, reader: string, place: Cursor): Promise<void> {
    this.#engine.acknowledgeAsBearer(app, id, secretHash, reader, place, this.#clock.now());
  }

  async release(app: string, id: string, reader: string): Promise<void> {
    this.#engine.release(app, id, reader, this.#clock.now());
  }

  async sweep(limit: number): Promise<Slice<ClosedSession>> {
    return this.#engine.sweep(limit, this.#clock.now());
  }

  async judgePresence(limit: number): Promise<Slice<SessionReference>> {
    return this.#engine.judgePresence(limit, this.#clock.now());
  }

  async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    const { watchers } = this.#notices;
    watchers.add(watcher);
    return async () => void watchers.delete(watcher);
  }
}

function storeClosed(): SessionError {
  return new SessionError('STORE_UNAVAILABLE', 'The memory store is closed', {});
}
