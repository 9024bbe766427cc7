import { injectable } from 'inversify';
import type { SessionContext } from '../../context/session-context.js';
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
  noListener,
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
import { type Clock, SystemClock } from '../../time/clock.js';
import { doorbell } from './doorbell.js';
import { EngineLink } from './engine-link.js';
import { type CheckedOptions, checkOptions, type LmdbStoreOptions } from './lmdb-options.js';
import { closedOf, contactOf, errorOf, insertionOf, outcomeOf, recordOf, repeat, resultOf } from './replies.js';
import type { ActiveReply, EndedReply, Notice, ScanReply } from './wire.js';

/** Mailboxes appended to in one step. */
const appendStep = 100;

/**
 * Sessions in an LMDB environment that the processes of one machine share. The rules are in `engine/`, which runs in a
 * thread of its own: LMDB lets one transaction write at a time, over all processes, and that is what makes each
 * operation one step. Here they are asked for, and their answers understood.
 */
@injectable()
export class LmdbStore extends SessionStore implements ChangeFeed {
  readonly #context: SessionContext;
  readonly #clock: Clock;
  /** What this node is called among those that share the environment. */
  readonly #node = newId('').slice(0, 12);
  readonly #link: EngineLink;
  readonly #watchers = new Set<ChangeWatcher>();
  readonly #telling = new Set<Promise<void>>();
  #listener: StoreListener = noListener;

  /** @throws SessionError `INVALID_ARGUMENT` */
  constructor(context: SessionContext, options: LmdbStoreOptions, clock: Clock = new SystemClock()) {
    super();
    this.#context = context;
    this.#clock = clock;
    this.#link = this.#makeLink(checkOptions(options));
  }

  async open(listener: StoreListener): Promise<void> {
    await this.#link.open();
    this.#listener = listener;
    doorbell.join(this.#node, () => this.#link.look());
  }

  async close(): Promise<void> {
    while (this.#telling.size > 0) await Promise.all(this.#telling);
    doorbell.leave(this.#node);
    await this.#link.close();
    this.#listener = noListener;
    this.#watchers.clear();
  }

  async ping(): Promise<void> {
    await this.listAccount('default', '\n');
  }

  idPrefix(): string {
    return '';
  }

  async insert(session: NewSession): Promise<Insertion> {
    return insertionOf(session, await this.#link.call('insert', plain(session)));
  }

  async insertOnce(session: NewSession): Promise<OnceInsertion> {
    const [inserted, record, evicted] = await this.#link.call('insertOnce', plain(session));
    return { inserted, record: recordOf(session.app, record), evicted: evicted.map(closedOf) };
  }

  async authenticate(app: string, id: string, secretHash: string): Promise<Contact> {
    return contactOf(app, await this.#link.call('authenticate', app, id, secretHash));
  }

  async get(app: string, id: string): Promise<SessionRecord> {
    return recordOf(app, await this.#link.call('get', app, id));
  }

  async touch(app: string, id: string, renewal: Renewal): Promise<Contact> {
    return contactOf(app, await this.#link.call('touch', app, id, renewal));
  }

  async patch(app: string, id: string, attributes: AttributePatch): Promise<SessionRecord> {
    return recordOf(app, await this.#link.call('patch', app, id, ...changesOf(attributes)));
  }

  async patchAsBearer(app: string, id: string, secretHash: string, attributes: AttributePatch): Promise<Contact> {
    const [set, deleted] = changesOf(attributes);
    return contactOf(app, await this.#link.call('patchAsBearer', app, id, secretHash, set, deleted));
  }

  async rotate(app: string, id: string, secretHash: string): Promise<SessionRecord> {
    return recordOf(app, await this.#link.call('rotate', app, id, secretHash));
  }

  async replace(app: string, newId: string, oldId: string): Promise<Replacement> {
    const [record, closed] = await this.#link.call('replace', app, newId, oldId);
    return { record: recordOf(app, record), closed: closedOf(closed) };
  }

  async end(app: string, id: string, reason: CloseReason): Promise<ClosedSession | undefined> {
    const closed = await this.#link.call('end', app, id, reason);
    return closed === null ? undefined : closedOf(closed);
  }

  async endAsBearer(
    app: string,
    id: string,
    secretHash: string,
    reason: CloseReason,
  ): Promise<ClosedSession | undefined> {
    const closed = await this.#link.call('endAsBearer', app, id, secretHash, reason);
    return closed === null ? undefined : closedOf(closed);
  }

  async endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
  ): Promise<readonly ClosedSession[]> {
    return (await this.#link.call('endAccount', app, accountId, reason, except ?? null)).map(closedOf);
  }

  async *endApp(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    for (let after: string | null = ''; after !== null; ) {
      const reply: EndedReply = await this.#link.call('endSome', app, after, reason);
      if (reply[1].length > 0) yield reply[1].map(closedOf);
      after = reply[0];
    }
  }

  async listAccount(app: string, accountId: string): Promise<readonly SessionRecord[]> {
    return (await this.#link.call('listAccount', app, accountId)).map((record) => recordOf(app, record));
  }

  async listApp(app: string, { activeWithin, limit, cursor }: AppQuery): Promise<AppPage> {
    const records: SessionRecord[] = [];
    let after: string | null = afterOf(cursor);
    while (after !== null && records.length < limit) {
      const [next, found] = await this.#page(app, after, limit - records.length, activeWithin);
      records.push(...found);
      after = next;
    }
    return { records, cursor: after ?? undefined };
  }

  async *scanApp(app: string, size: number): AsyncIterable<readonly string[]> {
    for (let after: string | null = ''; after !== null; ) {
      const reply: ScanReply = await this.#link.call('scan', app, after, size);
      if (reply[1].length > 0) yield reply[1];
      after = reply[0];
    }
  }

  async countActiveAccounts(app: string, within: number): Promise<number> {
    const accounts = new Set<string>();
    for (let after: string | null = ''; after !== null; ) {
      const reply: ActiveReply = await this.#link.call('active', app, after, within);
      for (const accountId of reply[1]) accounts.add(accountId);
      after = reply[0];
    }
    return accounts.size;
  }

  async append(app: string, id: string, message: OutgoingMessage): Promise<AppendOutcome> {
    return outcomeOf(app, await this.#link.call('append', app, id, message));
  }

  async appendToAccount(app: string, accountId: string, message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const outcomes = await this.#link.call('appendToAccount', app, accountId, message);
    return outcomes.map((outcome) => outcomeOf(app, outcome));
  }

  async appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): Promise<readonly AppendOutcome[]> {
    const steps: Promise<readonly AppendOutcome[]>[] = [];
    for (let start = 0; start < ids.length; start += appendStep) {
      const step = this.#link.call('appendToEach', app, ids.slice(start, start + appendStep), message);
      steps.push(step.then((outcomes) => outcomes.map((outcome) => outcomeOf(app, outcome))));
    }
    return (await Promise.all(steps)).flat();
  }

  async read(app: string, id: string, request: ReadRequest): Promise<ReadResult> {
    return resultOf(await this.#link.call('read', app, id, request));
  }

  acknowledge(app: string, id: string, reader: string, epoch: string, offset: number): Promise<void> {
    return this.#link.call('acknowledge', app, id, reader, epoch, offset);
  }

  release(app: string, id: string, reader: string): Promise<void> {
    return this.#link.call('release', app, id, reader);
  }

  /** What it closed is kept until its caller has had it. Should this process die before, another tells of it. */
  async sweep(limit: number): Promise<Slice<ClosedSession>> {
    const [more, closed, report] = await this.#link.call('sweep', limit);
    if (report !== null) this.#tellLater(report);
    return { items: closed.map(closedOf), more };
  }

  async judgePresence(limit: number): Promise<Slice<SessionReference>> {
    const [more, silent] = await this.#link.call('judge', limit);
    return { items: silent.map(([app, id, accountId]) => ({ app, id, accountId })), more };
  }

  async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    this.#watchers.add(watcher);
    const stop = async () => {
      if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
      await this.#link.call('watch', false).catch(() => {
        // The engine can't be asked; what it still tells is heard by nobody.
      });
    };
    try {
      await this.#link.call('watch', true);
    } catch (error) {
      this.#watchers.delete(watcher);
      throw error;
    }
    return stop;
  }

  #makeLink(options: CheckedOptions): EngineLink {
    const { patience, ...rest } = options;
    const settings = { ...rest, context: { ...this.#context }, node: this.#node };
    return new EngineLink(settings, () => this.#clock.now(), patience, {
      notices: (notices) => this.#take(notices),
      rings: (rings) => doorbell.ring(rings),
      recovered: () => this.#recover(),
      errorOf: (refusal) => errorOf(refusal, this.#context),
    });
  }

  #take(notices: readonly Notice[]): void {
    for (const notice of notices) {
      if (notice[0] === 'session') this.#tellWatchers(notice[1], notice[2]);
      else repeat(this.#listener, notice);
      if (notice[0] === 'missed') this.#reassureWatchers();
    }
  }

  #tellWatchers(app: string, id: string): void {
    for (const watcher of this.#watchers) watcher.changed(app, id);
  }

  /** Nobody was told anything for a while; a new engine does not know who watches, either. */
  #recover(): void {
    this.#listener.missed();
    if (this.#watchers.size === 0) return;
    this.#link.call('watch', true).then(
      () => this.#reassureWatchers(),
      () => {
        // It is lost again, and will be back again.
      },
    );
  }

  /** What others changed while this node was given up was not told. */
  #reassureWatchers(): void {
    for (const watcher of this.#watchers) {
      watcher.interrupted();
      watcher.resumed();
    }
  }

  async #page(
    app: string,
    after: string,
    limit: number,
    within: number | undefined,
  ): Promise<readonly [after: string | null, records: readonly SessionRecord[]]> {
    const [next, found] = await this.#link.call('page', app, after, limit, within ?? null);
    return [next, found.map((record) => recordOf(app, record))];
  }

  /** One turn later, when whoever asked has told of it. */
  #tellLater(report: string): void {
    const telling = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.#link.call('told', report).then(
          () => resolve(),
          // It is told twice rather than never, should this process die as well.
          () => resolve(),
        );
      });
    }).finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }
}

/** Attributes without a prototype do not travel between threads. */
function plain(session: NewSession) {
  return { ...session, attributes: Object.entries(session.attributes).flat() };
}

function changesOf(attributes: AttributePatch): readonly [set: readonly string[], deleted: readonly string[]] {
  const set: string[] = [];
  const deleted: string[] = [];
  for (const [key, text] of Object.entries(attributes)) {
    if (text === null) deleted.push(key);
    else set.push(key, text);
  }
  return [set, deleted];
}

/** A cursor comes from a caller. */
function afterOf(cursor: string | undefined): string {
  if (cursor === undefined) return '';
  if (/^[0-9A-Za-z]{24}$/.test(cursor)) return cursor;
  throw invalidArgument('cursor', 'must be the cursor of a page', cursor);
}
