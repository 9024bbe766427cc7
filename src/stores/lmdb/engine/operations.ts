import type { CloseReason } from '../../../errors/close-reason.js';
import type { NewSession } from '../../../store/session-record.js';
import type { Renewal } from '../../../store/session-store.js';
import type { ClosedReply, ContactReply, InsertionReply, OnceReply, RecordReply, ReplacementReply } from '../wire.js';
import type { Ledger } from './ledger.js';
import type { Mailboxes } from './mailboxes.js';
import { Refused } from './refused.js';
import { nameOf, SessionEntry } from './session-entry.js';
import type { Sessions } from './sessions.js';

/** A session to insert, with its attributes as key, JSON text, key, JSON text, … */
export interface PlainSession extends Omit<NewSession, 'attributes'> {
  readonly attributes: readonly string[];
}

/** What is done with one session, or those of one account. Each is refused before it changes anything, or is done. */
export class SessionOperations {
  readonly #ledger: Ledger;
  readonly #sessions: Sessions;
  readonly #mailboxes: Mailboxes;

  constructor(ledger: Ledger, sessions: Sessions, mailboxes: Mailboxes) {
    this.#ledger = ledger;
    this.#sessions = sessions;
    this.#mailboxes = mailboxes;
  }

  insert(session: PlainSession): InsertionReply {
    const evicted = this.#makeRoom(session.app, session.accountId);
    this.#add(session);
    return [this.#ledger.now, evicted];
  }

  insertOnce(session: PlainSession): OnceReply {
    const { app, id } = session;
    const found = this.#sessions.find(app, id);
    const isForgotten = found !== undefined && !(found instanceof SessionEntry) && found[3] <= this.#ledger.now;
    if (found !== undefined && !isForgotten) {
      return [false, this.#sessions.record(this.#sessions.live(app, id)), []];
    }
    const evicted = this.#makeRoom(app, session.accountId);
    return [true, this.#sessions.record(this.#add(session)), evicted];
  }

  authenticate(app: string, id: string, secretHash: string): ContactReply {
    const entry = this.#sessions.proven(app, id, secretHash);
    entry.reads += 1;
    return this.#sessions.renew(entry);
  }

  get(app: string, id: string): RecordReply {
    return this.#sessions.record(this.#sessions.live(app, id));
  }

  touch(app: string, id: string, { activity, ttl }: Renewal): ContactReply {
    return this.#sessions.renew(this.#sessions.live(app, id), activity, ttl);
  }

  patch(app: string, id: string, set: readonly string[], deleted: readonly string[]): RecordReply {
    const entry = this.#sessions.live(app, id);
    this.#patch(entry, set, deleted);
    this.#sessions.save(entry);
    return this.#sessions.record(entry);
  }

  patchAsBearer(
    app: string,
    id: string,
    secretHash: string,
    set: readonly string[],
    deleted: readonly string[],
  ): ContactReply {
    const entry = this.#sessions.proven(app, id, secretHash);
    this.#patch(entry, set, deleted);
    return this.#sessions.renew(entry);
  }

  rotate(app: string, id: string, secretHash: string): RecordReply {
    const entry = this.#sessions.live(app, id);
    entry.secretHash = secretHash;
    this.#ledger.tellSessionChanged(app, id);
    this.#sessions.save(entry);
    return this.#sessions.record(entry);
  }

  replace(app: string, newId: string, oldId: string): ReplacementReply {
    const entry = this.#sessions.live(app, newId);
    const old = this.#sessions.live(app, oldId);
    const inherited = new Map([
      ...pairs(this.#sessions.attributesOf(old)),
      ...pairs(this.#sessions.attributesOf(entry)),
    ]);
    this.#setAttributes(entry, inherited);
    const left = this.#mailboxes.takeOver(entry, old);
    this.#sessions.save(entry);
    this.#ledger.tellSessionChanged(app, newId);
    const [, , accountId, reason] = this.#sessions.close(old, 'replaced');
    return [this.#sessions.record(entry), [app, oldId, accountId, reason, left]];
  }

  end(app: string, id: string, reason: CloseReason): ClosedReply | null {
    const entry = this.#sessions.findLive(app, id);
    return entry === undefined ? null : this.#sessions.close(entry, reason);
  }

  endAsBearer(app: string, id: string, secretHash: string, reason: CloseReason): ClosedReply | null {
    try {
      return this.#sessions.close(this.#sessions.proven(app, id, secretHash), reason);
    } catch (error) {
      if (error instanceof Refused) return null;
      throw error;
    }
  }

  endAccount(app: string, accountId: string, reason: CloseReason, except: string | null): readonly ClosedReply[] {
    const entries = this.#sessions.liveOfAccount(app, accountId).filter(({ id }) => id !== except);
    return entries.map((entry) => this.#sessions.close(entry, reason));
  }

  listAccount(app: string, accountId: string): readonly RecordReply[] {
    return this.#sessions.liveOfAccount(app, accountId).map((entry) => this.#sessions.record(entry));
  }

  #add(session: PlainSession): SessionEntry {
    const { app, id, accountId, secretHash, ip, userAgent, ttl, maxAge, attributes } = session;
    const { now, tables } = this.#ledger;
    const birth = this.#ledger.next('births');
    const entry = new SessionEntry(tables, app, id, [
      ...([1, secretHash, accountId, now, birth, now, now] as const),
      ...([ttl, maxAge, ip, userAgent, 0, 0, 0, 0, 0, null] as const),
    ]);
    this.#sessions.add(entry, attributes);
    return entry;
  }

  #makeRoom(app: string, accountId: string): readonly ClosedReply[] {
    const { maxSession, onMaxSession } = this.#ledger.context;
    if (maxSession === 0 || this.#sessions.countPlaces(app, accountId) < maxSession) return [];
    const live = [...this.#sessions.liveOfAccount(app, accountId)];
    const excess = live.length - maxSession + 1;
    if (excess <= 0) return [];
    if (onMaxSession === 'reject') throw new Refused(['SESSION_LIMIT', accountId, live.length]);
    // They come in order of creation; a stable sort keeps that order among equals.
    if (onMaxSession === 'evict-idle') live.sort((one, other) => contactOf(one) - contactOf(other));
    return live.slice(0, excess).map((entry) => this.#sessions.close(entry, 'evicted'));
  }

  /** To be saved by the caller. */
  #patch(entry: SessionEntry, set: readonly string[], deleted: readonly string[]): void {
    const attributes = new Map([...pairs(this.#sessions.attributesOf(entry)), ...pairs(set)]);
    for (const key of deleted) attributes.delete(key);
    this.#setAttributes(entry, attributes);
    entry.writes += 1;
    this.#ledger.tellSessionChanged(entry.app, entry.id);
  }

  #setAttributes(entry: SessionEntry, attributes: ReadonlyMap<string, string>): void {
    const table = this.#ledger.tables.attributes;
    if (attributes.size > 0) table.put(nameOf(entry.app, entry.id), [...attributes].flat());
    else if (entry.hasAttributes) table.remove(nameOf(entry.app, entry.id));
    entry.hasAttributes = attributes.size > 0;
  }
}

/** A parked reader is a contact that lasts. */
function contactOf(entry: SessionEntry): number {
  return entry.isParked ? Number.POSITIVE_INFINITY : entry.lastContact;
}

function* pairs(list: readonly string[]): Generator<readonly [string, string]> {
  for (let each = 0; each < list.length; each += 2) yield [list[each] ?? '', list[each + 1] ?? ''];
}
