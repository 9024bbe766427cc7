import { injectable } from 'inversify';
import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import type { Cursor } from '../../mailbox/cursor.js';
import type { OutgoingMessage } from '../../mailbox/message.js';
import type { ChangeFeed, ChangeWatcher } from '../../store/change-feed.js';
import { AppWalks } from '../../store/engine/app-walks.js';
import type { SessionEngine } from '../../store/engine/session-engine.js';
import type { PatchRenewal } from '../../store/patch-renewal.js';
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
import { type Clock, SystemClock } from '../../time/clock.js';
import { ChangeWatchers } from './change-watchers.js';
import type { DamagedEnds } from './damaged-ends.js';
import { SharedClock } from './nodes/shared-clock.js';
import { OpenStore } from './open-store.js';
import { ownListenerFor } from './own-listener.js';
import { checkSqliteOptions, type SqliteSettings, type SqliteStoreOptions } from './sqlite-options.js';
import type { StepKind } from './transactions/step.js';
import { storeUnavailable } from './unavailable.js';

/** Number of mailboxes appended to, and of entries visited, in one step. Either takes about a millisecond. */
const appendStep = 50;
const walkStep = 100;
/** Maximum number of sessions closed, or judged for presence, in one step. */
const dueStep = 50;

/**
 * Sessions in a SQLite database that the processes of one machine share. Each operation is a step of the session engine
 * within a transaction. Steps are atomic: SQLite lets only one transaction write at a time, across all processes.
 */
@injectable()
export class SqliteStore extends SessionStore implements ChangeFeed, PatchRenewal {
  readonly #context: SessionContext;
  readonly #clock: SharedClock;
  readonly #settings: SqliteSettings;
  readonly #watchers = new ChangeWatchers();
  readonly #looks = new AppWalks((step) => this.#run('look', (engine, now) => step(engine.apps, now)), walkStep);
  #store: OpenStore | undefined;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(context: SessionContext, options: SqliteStoreOptions, clock: Clock = new SystemClock()) {
    super();
    this.#context = context;
    this.#clock = new SharedClock(clock);
    this.#settings = checkSqliteOptions(options);
  }

  async open(listener: StoreListener): Promise<void> {
    // A restarted process is a new node: polls that the former process parked do not count as parked by this one.
    const node = newId('').slice(0, 12);
    const ownListener = ownListenerFor(listener, this.#watchers);
    this.#store = await OpenStore.open(this.#settings, this.#context, node, this.#clock, ownListener);
  }

  async close(): Promise<void> {
    await this.#store?.reports.settle();
    const store = this.#store;
    // From now on, steps of a walk in progress are rejected, because no transaction would carry them out any more.
    this.#store = undefined;
    await store?.close();
    this.#watchers.clear();
  }

  async ping(): Promise<void> {
    await this.#opened().ping();
  }

  idPrefix(): string {
    return '';
  }

  insert(session: NewSession): Promise<Insertion> {
    return this.#run('change', (engine, now) => engine.insert(session, now));
  }

  insertOnce(session: NewSession): Promise<OnceInsertion> {
    return this.#run('change', (engine, now) => engine.insertOnce(session, now));
  }

  authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    return this.#run('contact', (engine, now) => engine.authenticate(app, id, secretHash, now));
  }

  get(app: string, id: string): Promise<SessionRecord> {
    return this.#run('look', (engine, now) => engine.get(app, id, now));
  }

  touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    return this.#run('contact', (engine, now) => engine.touch(app, id, renewal, now));
  }

  patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    return this.#run('change', (engine, now) => engine.patch(app, id, attributes, now));
  }

  patchAndRenew(app: string, id: string, attributes: AttributePatch, renewal: Renewal): Promise<Contact> {
    return this.#run('change', (engine, now) => engine.patchAndRenew(app, id, attributes, renewal, now));
  }

  patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact> {
    return this.#run('change', (engine, now) => engine.patchAsBearer(app, id, secretHash, attributes, now));
  }

  rotate(app: string, id: string, secretHash: string, keepOpen: boolean): Promise<SessionRecord> {
    return this.#run('change', (engine, now) => engine.rotate(app, id, secretHash, keepOpen, now));
  }

  rotateAndEndOthers(app: string, accountId: string, id: string, secretHash: string): Promise<AccountRotation> {
    return this.#run('change', (engine, now, damaged) => {
      const request = { app, accountId, reason: 'revoked', now, except: id } as const;
      const { result, ended } = damaged.endAll(request, () => {
        return engine.rotateAndEndOthers(app, accountId, id, secretHash, now);
      });
      return { record: result.record, closed: [...result.closed, ...ended] };
    });
  }

  reauthenticate(app: string, id: string, level: number | undefined): Promise<SessionRecord> {
    return this.#run('change', (engine, now) => engine.reauthenticate(app, id, level, now));
  }

  recordClient(app: string, id: string, ip: string, userAgent: string): Promise<SessionRecord> {
    return this.#run('change', (engine, now) => engine.recordClient(app, id, ip, userAgent, now));
  }

  replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    return this.#run('change', (engine, now) => engine.replace(app, newId, oldId, now));
  }

  end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#run('change', (engine, now, damaged) => {
      return damaged.endOne(id, { app, reason, now }, () => engine.end(app, id, reason, now));
    });
  }

  endAsBearer(app: string, id: string, secretHash: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    return this.#run('change', (engine, now, damaged) => {
      const step = () => engine.endAsBearer(app, id, secretHash, reason, now);
      return damaged.endOne(id, { app, reason, now }, step, secretHash);
    });
  }

  endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]> {
    return this.#run('change', (engine, now, damaged) => {
      const request = { app, accountId, reason, now, except };
      const { result, ended } = damaged.endAll(request, () => {
        return engine.endAccount(app, accountId, reason, except, now);
      });
      return [...result, ...ended];
    });
  }

  async *endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    // The walk yields once for each step, before it begins the next.
    let endedInStep: readonly ClosedSession[] = [];
    const walks = new AppWalks((step) => {
      return this.#run('change', (engine, now, damaged) => {
        const { result, ended } = damaged.endAll({ app, reason, now }, () => step(engine.apps, now));
        endedInStep = ended;
        return result;
      });
    }, walkStep);
    for await (const closed of walks.endApp(app, reason)) yield [...closed, ...endedInStep];
  }

  listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    return this.#run('look', (engine, now) => engine.listAccount(app, accountId, now));
  }

  listApp(app: string, query: AppQuery): Promise<AppPage> {
    return this.#looks.listApp(app, query);
  }

  scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    return this.#looks.scanApp(app, size);
  }

  countSessions(app: string): Promise<number> {
    return this.#looks.countSessions(app);
  }

  countPresence(): Promise<PresenceCounts> {
    return this.#looks.countPresence();
  }

  countActiveAccounts(app: string, within: number): Promise<number> {
    return this.#looks.countActiveAccounts(app, within);
  }

  append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    return this.#run('change', (engine, now) => engine.append(app, id, message, now));
  }

  appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    return this.#run('change', (engine, now) => engine.appendToAccount(app, accountId, message, now));
  }

  async appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const steps: Promise<readonly AppendOutcome[]>[] = [];
    for (let start = 0; start < ids.length; start += appendStep) {
      const some = ids.slice(start, start + appendStep);
      steps.push(this.#run('change', (engine, now) => engine.appendToEach(app, some, message, now)));
    }
    return (await Promise.all(steps)).flat();
  }

  read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    return this.#run('contact', (engine, now) => engine.read(app, id, request, now));
  }

  acknowledge(app: string, id: string, reader: string, place: Cursor): Promise<void> {
    return this.#run('contact', (engine, now) => engine.acknowledge(app, id, reader, place, now));
  }

  acknowledgeAsBearer(app: string, id: string, secretHash: string, reader: string, place: Cursor): Promise<void> {
    return this.#run('contact', (engine, now) => engine.acknowledgeAsBearer(app, id, secretHash, reader, place, now));
  }

  release(app: string, id: string, reader: string): Promise<void> {
    return this.#run('contact', (engine, now) => engine.release(app, id, reader, now));
  }

  async sweep(limit: number): Promise<Slice<ClosedSession>> {
    const store = this.#opened();
    const most = Math.min(limit, dueStep);
    store.reports.deleteAgain();
    const { items, more, report } = await store.run('change', () => {
      const adopted = store.reports.adopt(most);
      const swept = store.engine.sweep(most - adopted.length, this.#clock.now());
      const items = [...adopted, ...swept.items];
      return { items, more: swept.more, report: items.length === 0 ? undefined : store.reports.add(items) };
    });
    if (report !== undefined) store.reports.deleteLater(report);
    return { items, more };
  }

  judgePresence(limit: number): Promise<Slice<SessionReference>> {
    return this.#run('contact', (engine, now) => engine.judgePresence(Math.min(limit, dueStep), now));
  }

  async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    const store = this.#opened();
    this.#watchers.add(watcher);
    try {
      await store.watchChanges(true);
    } catch (error) {
      this.#watchers.delete(watcher);
      throw error;
    }
    return async () => {
      if (!this.#watchers.delete(watcher) || this.#watchers.count > 0) return;
      // A node that leaves must not attend again: its row would stay, and the stop would not be a clean one.
      if (this.#store !== store) return;
      await store.watchChanges(false).catch(() => {
        // This node still receives notices, and drops them: it has no watcher any more.
      });
    };
  }

  #run<Result>(
    kind: StepKind,
    step: (engine: SessionEngine, now: number, damaged: DamagedEnds) => Result,
  ): Promise<Result> {
    const store = this.#store;
    if (store === undefined) return Promise.reject(storeUnavailable(this.#settings.path, 'it is not open'));
    return store.run(kind, () => step(store.engine, this.#clock.now(), store.damagedEnds));
  }

  #opened(): OpenStore {
    if (this.#store === undefined) throw storeUnavailable(this.#settings.path, 'it is not open');
    return this.#store;
  }
}
