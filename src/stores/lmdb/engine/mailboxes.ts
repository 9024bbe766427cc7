import { newEpoch } from '../../../mailbox/epoch.js';
import type { MailboxBounds } from '../../../mailbox/mailbox-rules.js';
import type { Message, OutgoingMessage } from '../../../mailbox/message.js';
import type { Reader } from '../../../mailbox/reader.js';
import type { ReadRequest } from '../../../store/session-store.js';
import type { MessageReply, Notice, OutcomeReply, ReadReply } from '../wire.js';
import type { Ledger } from './ledger.js';
import type { SessionEntry } from './session-entry.js';
import { parkedAt, parkSlack, type Sessions } from './sessions.js';
import { TableMailbox } from './table-mailbox.js';

/** What is done with mailboxes, whose rules are in `core/mailbox-rules.ts`. */
export class Mailboxes {
  readonly #ledger: Ledger;
  readonly #sessions: Sessions;
  readonly #dropOldest: MailboxBounds;

  constructor(ledger: Ledger, sessions: Sessions) {
    this.#ledger = ledger;
    this.#sessions = sessions;
    const { msgMaxLength, mailboxMaxBytes, messageTtl, maxReader, readerGrace } = ledger.context;
    this.#dropOldest = { msgMaxLength, mailboxMaxBytes, messageTtl, maxReader, readerGrace, onOverflow: 'drop-oldest' };
  }

  append(app: string, id: string, message: OutgoingMessage): OutcomeReply {
    return this.#append(this.#sessions.live(app, id), message);
  }

  appendToAccount(app: string, accountId: string, message: OutgoingMessage): readonly OutcomeReply[] {
    return this.#sessions.liveOfAccount(app, accountId).map((entry) => this.#append(entry, message));
  }

  appendToEach(app: string, ids: readonly string[], message: OutgoingMessage): readonly OutcomeReply[] {
    const outcomes: OutcomeReply[] = [];
    for (const id of ids) {
      const entry = this.#sessions.findLive(app, id);
      if (entry !== undefined) outcomes.push(this.#append(entry, message));
    }
    return outcomes;
  }

  read(app: string, id: string, request: ReadRequest): ReadReply {
    const { secretHash, reader: name, after, limit, wait } = request;
    const entry = secretHash === undefined ? this.#sessions.live(app, id) : this.#sessions.proven(app, id, secretHash);
    const mailbox = this.#mailboxOf(entry);
    const { now, context } = this.#ledger;
    const result = mailbox.read(name, after, limit, now, context);
    const { messages, offset, lost, reset, droppedReader } = result;
    if (droppedReader !== undefined) this.#supersede(entry, droppedReader);
    const parks = wait > 0 && messages.length === 0 && lost === 0 && !reset;
    const reader = mailbox.reader(name);
    if (reader !== undefined) this.#park(entry, reader, parks ? now + Math.ceil(wait) + parkSlack : 0, request.ticket);
    const cameOnline = this.#sessions.contact(entry);
    if (context.pollRenews && !entry.isParked) entry.lastTime = Math.max(entry.lastTime, now);
    this.#sessions.save(entry);
    const { accountId } = entry;
    const dropped = droppedReader?.name ?? null;
    return [accountId, mailbox.epoch, offset, messages.map(replyOf), lost, reset, parks, cameOnline, dropped];
  }

  acknowledge(app: string, id: string, reader: string, epoch: string, offset: number): void {
    const entry = this.#sessions.findLive(app, id);
    if (entry?.mailbox === undefined) return;
    entry.mailbox.acknowledge(reader, epoch, offset, this.#ledger.now, this.#ledger.context);
    this.#sessions.save(entry);
  }

  release(app: string, id: string, name: string): void {
    const entry = this.#sessions.findLive(app, id);
    const reader = entry?.mailbox?.reader(name);
    // Parked by another node meanwhile, it is that node's to release.
    if (entry === undefined || reader === undefined || !reader.parked || reader.node !== this.#ledger.node) return;
    this.#sessions.unpark(entry, reader, this.#ledger.now);
    this.#sessions.contact(entry);
    this.#sessions.save(entry);
  }

  /**
   * The messages of the old session go ahead of the new one's, under a new epoch. Neither is saved.
   * @returns how many did not fit
   */
  takeOver(entry: SessionEntry, old: SessionEntry): number {
    const { context, now, tables } = this.#ledger;
    old.mailbox?.dropAged(now, context);
    entry.mailbox?.dropAged(now, context);
    const older = old.mailbox?.messages ?? [];
    old.mailbox?.clear();
    if (older.length === 0) return 0;
    const own = entry.mailbox?.messages ?? [];
    if (entry.mailbox !== undefined) {
      this.#wake(entry, entry.mailbox, ['changed', entry.app, entry.id]);
      entry.mailbox.clear();
    }
    const merged = new TableMailbox(tables, entry.name, newEpoch());
    let left = 0;
    for (const message of [...older, ...own]) left += merged.append(message, message.at, this.#dropOldest).dropped;
    entry.mailbox = merged;
    return left;
  }

  #append(entry: SessionEntry, outgoing: OutgoingMessage): OutcomeReply {
    const { app, id, accountId } = entry;
    const mailbox = this.#mailboxOf(entry);
    const { verdict, dropped, message } = mailbox.append(outgoing, this.#ledger.now, this.#ledger.context);
    if (verdict === 'close') {
      const [, , , , undelivered] = this.#sessions.close(entry, 'overflow');
      return [id, accountId, verdict, dropped, undelivered];
    }
    if (verdict !== 'full' && entry.isParked) {
      const notice: Notice =
        message === undefined ? ['changed', app, id] : ['appended', app, id, mailbox.epoch, ...replyOf(message)];
      this.#wake(entry, mailbox, notice);
    }
    this.#sessions.save(entry);
    return [id, accountId, verdict, dropped, 0];
  }

  #mailboxOf(entry: SessionEntry): TableMailbox {
    entry.mailbox ??= new TableMailbox(this.#ledger.tables, entry.name, newEpoch());
    return entry.mailbox;
  }

  /** @param until 0 for a reader that does not wait */
  #park(entry: SessionEntry, reader: Reader, until: number, ticket: number): void {
    const { node, now } = this.#ledger;
    if (reader.node !== node) this.#tellSuperseded(entry, reader);
    if (until === 0) {
      if (reader.parked) this.#sessions.unpark(entry, reader, now);
      return;
    }
    reader.parkedUntil = until;
    reader.node = node;
    reader.ticket = ticket;
  }

  /** The reader had to go for another. */
  #supersede(entry: SessionEntry, reader: Reader): void {
    if (!reader.parked) return;
    if (reader.node !== this.#ledger.node) this.#tellSuperseded(entry, reader);
    this.#sessions.unpark(entry, reader, this.#ledger.now);
  }

  #tellSuperseded({ app, id }: SessionEntry, { parked, node, name, ticket }: Reader): void {
    if (parked) this.#ledger.tell(node, ['superseded', app, id, name, ticket]);
  }

  /** Every parked reader is told, and released. */
  #wake(entry: SessionEntry, mailbox: TableMailbox, notice: Notice): void {
    if (!mailbox.isAnyParked) return;
    for (const node of parkedAt(mailbox.allReaders)) this.#ledger.tell(node, notice);
    for (const reader of mailbox.allReaders) {
      if (reader.parked) this.#sessions.unpark(entry, reader, this.#ledger.now);
    }
    this.#sessions.contact(entry);
  }
}

function replyOf({ offset, at, bytes, key, json }: Message): MessageReply {
  return [offset, at, bytes, key ?? null, json];
}
