import { setImmediate as nextTurn } from 'node:timers/promises';
import { inject, injectable, optional } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import { invalidArgument } from '../../errors/session-error.js';
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
import { Clock } from '../../time/clock.js';
import type { AppSessions } from './app-sessions.js';
import { MemorySessions } from './memory-sessions.js';
import { restoreSnapshot, writeSnapshot } from './memory-snapshot.js';
import { SnapshotFile } from './snapshot-file.js';

/** Entries looked at in one turn of the event loop: well under a millisecond. */
const scanStep = 2_000;

/**
 * Sessions in the memory of this process. With a snapshot file they outlive its restarts; a crash loses them.
 *
 * JavaScript runs each operation to its end before the next, which is what makes them atomic here: none of them may
 * await anything between its first look and its last change. The rules themselves are in `MemorySessions`.
 */
@injectable()
export class MemoryStore extends SessionStore implements ChangeFeed {
  readonly #context: SessionContext;
  readonly #clock: Clock;
  readonly #snapshot: SnapshotFile | undefined;
  readonly #sessions: MemorySessions;

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(Clock) clock: Clock,
    @inject(SnapshotFile) @optional() snapshot?: SnapshotFile,
  ) {
    super();
    this.#context = context;
    this.#clock = clock;
    this.#snapshot = snapshot;
    this.#sessions = new MemorySessions(context, clock);
  }

  async open(listener: StoreListener): Promise<void> {
    this.#sessions.listener = listener;
    if (this.#snapshot !== undefined) await restoreSnapshot(this.#snapshot, this.#sessions);
  }

  async close(): Promise<void> {
    if (this.#snapshot !== undefined) await writeSnapshot(this.#snapshot, this.#sessions);
    this.#sessions.clear();
  }

  async ping(): Promise<void> {}

  idPrefix(): string {
    return '';
  }

  async insert(session: NewSession): Promise<Insertion> {
    return this.#sessions.insert(session);
  }

  async insertOnce(session: NewSession): Promise<OnceInsertion> {
    return this.#sessions.insertOnce(session);
  }

  async authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    const sessions = this.#sessions.of(app);
    const entry = this.#sessions.proven(sessions, id, secretHash);
    entry.reads += 1;
    return this.#sessions.renew(sessions, entry);
  }

  async get(app: string, id: string): Promise<SessionRecord> {
    const sessions = this.#sessions.of(app);
    return this.#sessions.record(sessions, this.#sessions.live(sessions, id));
  }

  async touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    const sessions = this.#sessions.of(app);
    return this.#sessions.renew(sessions, this.#sessions.live(sessions, id), renewal);
  }

  async patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    const sessions = this.#sessions.of(app);
    const entry = this.#sessions.live(sessions, id);
    this.#sessions.patch(sessions, entry, attributes);
    return this.#sessions.record(sessions, entry);
  }

  async patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact> {
    const sessions = this.#sessions.of(app);
    const entry = this.#sessions.proven(sessions, id, secretHash);
    this.#sessions.patch(sessions, entry, attributes);
    return this.#sessions.renew(sessions, entry);
  }

  async rotate(app: string, id: string, secretHash: string): Promise<SessionRecord> {
    const sessions = this.#sessions.of(app);
    const entry = this.#sessions.live(sessions, id);
    entry.secretHash = secretHash;
    this.#sessions.tellChanged(app, id);
    return this.#sessions.record(sessions, entry);
  }

  async replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    return this.#sessions.replace(app, newId, oldId);
  }

  async end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#end(this.#sessions.of(app), id, reason);
  }

  async endAsBearer(
    app: string,
    id: string,
    secretHash: string,
    reason: CloseReason,
  ): Promise<ClosedSession | undefined> {
    const sessions = this.#sessions.of(app);
    return this.#sessions.isSecretOf(sessions, id, secretHash) ? this.#end(sessions, id, reason) : undefined;
  }

  async endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]> {
    const sessions = this.#sessions.of(app);
    const entries = this.#sessions.liveOfAccount(sessions, accountId).filter((entry) => entry.id !== except);
    return entries.map((entry) => this.#sessions.close(sessions, entry, reason));
  }

  async *endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    const sessions = this.#sessions.of(app);
    for await (const ids of this.scanApp(app, scanStep)) {
      yield ids.map((id) => this.#end(sessions, id, reason)).filter((closed) => closed !== undefined);
    }
  }

  async listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    const sessions = this.#sessions.of(app);
    const entries = this.#sessions.liveOfAccount(sessions, accountId);
    return entries.map((entry) => this.#sessions.record(sessions, entry));
  }

  async listApp(app: string, query: AppQuery): Promise<AppPage> {
    const sessions = this.#sessions.of(app);
    const records: SessionRecord[] = [];
    const activeWithin = query.activeWithin ?? Number.POSITIVE_INFINITY;
    for (let slot = firstSlot(query.cursor); slot < sessions.slotCount; slot += 1) {
      if (records.length === query.limit) return { records, cursor: String(slot) };
      const record = this.#liveAtSlot(sessions, slot);
      if (record !== undefined && this.#clock.now() - record.lastTime <= activeWithin) records.push(record);
      if (slot % scanStep === scanStep - 1) await nextTurn();
    }
    return { records, cursor: undefined };
  }

  async *scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    const sessions = this.#sessions.of(app);
    for (let slot = 0; slot < sessions.slotCount; slot += size) {
      const ids: string[] = [];
      const end = Math.min(slot + size, sessions.slotCount);
      for (let each = slot; each < end; each += 1) {
        const entry = sessions.atSlot(each);
        if (entry !== undefined && this.#sessions.deadReason(sessions, entry) === undefined) ids.push(entry.id);
      }
      yield ids;
      await nextTurn();
    }
  }

  async countActiveAccounts(app: string, within: number): Promise<number> {
    const sessions = this.#sessions.of(app);
    const accounts = new Set<string>();
    for (let slot = 0; slot < sessions.slotCount; slot += 1) {
      const entry = sessions.atSlot(slot);
      if (entry !== undefined && this.#sessions.isActiveWithin(sessions, entry, within)) accounts.add(entry.accountId);
      if (slot % scanStep === scanStep - 1) await nextTurn();
    }
    return accounts.size;
  }

  async append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    const sessions = this.#sessions.of(app);
    return this.#sessions.append(sessions, this.#sessions.live(sessions, id), message);
  }

  async appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const sessions = this.#sessions.of(app);
    const entries = [...this.#sessions.liveOfAccount(sessions, accountId)];
    return entries.map((entry) => this.#sessions.append(sessions, entry, message));
  }

  async appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const sessions = this.#sessions.of(app);
    const outcomes: AppendOutcome[] = [];
    for (const id of ids) {
      const entry = sessions.get(id);
      if (entry !== undefined && this.#sessions.deadReason(sessions, entry) === undefined) {
        outcomes.push(this.#sessions.append(sessions, entry, message));
      }
    }
    return outcomes;
  }

  async read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    return this.#sessions.read(app, id, request);
  }

  async acknowledge(app: string, id: string, reader: string, epoch: string, offset: number): Promise<void> {
    const sessions = this.#sessions.of(app);
    const entry = sessions.get(id);
    if (entry === undefined || this.#sessions.deadReason(sessions, entry) !== undefined) return;
    entry.mailbox?.acknowledge(reader, epoch, offset, this.#clock.now(), this.#context);
  }

  async release(app: string, id: string, reader: string): Promise<void> {
    const sessions = this.#sessions.of(app);
    const entry = sessions.get(id);
    if (entry !== undefined) this.#sessions.release(sessions, entry, reader);
  }

  async sweep(limit: number): Promise<Slice<ClosedSession>> {
    return this.#sessions.sweep(limit);
  }

  async judgePresence(limit: number): Promise<Slice<SessionReference>> {
    return this.#sessions.judgePresence(limit);
  }

  async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    const { watchers } = this.#sessions;
    watchers.add(watcher);
    return async () => void watchers.delete(watcher);
  }

  #liveAtSlot(sessions: AppSessions, slot: number): SessionRecord | undefined {
    const entry = sessions.atSlot(slot);
    if (entry === undefined || this.#sessions.deadReason(sessions, entry) !== undefined) return undefined;
    return this.#sessions.record(sessions, entry);
  }

  #end(sessions: AppSessions, id: string, reason: CloseReason): ClosedSession | undefined {
    const entry = sessions.get(id);
    if (entry === undefined || this.#sessions.deadReason(sessions, entry) !== undefined) return undefined;
    return this.#sessions.close(sessions, entry, reason);
  }
}

/** A cursor comes from a caller: one that counts from far below zero, or not at all, would never reach the end. */
function firstSlot(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  if (/^[0-9]{1,15}$/.test(cursor)) return Number(cursor);
  throw invalidArgument('cursor', 'must be the cursor of a page', cursor);
}
