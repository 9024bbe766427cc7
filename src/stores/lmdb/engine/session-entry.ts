import type { SessionContext } from '../../../context/session-context.js';
import type { CloseReason } from '../../../errors/close-reason.js';
import type { SessionRow } from './rows.js';
import { TableMailbox } from './table-mailbox.js';
import type { Tables } from './tables.js';

/** A session that was not closed, taken out of its row for one operation. */
export class SessionEntry {
  readonly app: string;
  readonly id: string;
  /** What it goes by in the tables. */
  readonly name: string;
  secretHash: string;
  readonly accountId: string;
  readonly createdAt: number;
  /** Its place among the account's sessions, in order of creation. */
  readonly birth: number;
  lastTime: number;
  lastContact: number;
  ttl: number;
  readonly maxAge: number;
  readonly ip: string;
  readonly userAgent: string;
  reads: number;
  writes: number;
  /** Where it stands among the due; 0 for nowhere. */
  dueAt: number;
  /** Where it stands among those that may fall silent; 0 once it was reported away. */
  onlineAt: number;
  hasAttributes: boolean;
  mailbox: TableMailbox | undefined;

  constructor(tables: Tables, app: string, id: string, row: SessionRow) {
    this.app = app;
    this.id = id;
    this.name = nameOf(app, id);
    this.secretHash = row[1];
    this.accountId = row[2];
    this.createdAt = row[3];
    this.birth = row[4];
    this.lastTime = row[5];
    this.lastContact = row[6];
    this.ttl = row[7];
    this.maxAge = row[8];
    this.ip = row[9];
    this.userAgent = row[10];
    this.reads = row[11];
    this.writes = row[12];
    this.dueAt = row[13];
    this.onlineAt = row[14];
    this.hasAttributes = row[15] === 1;
    this.mailbox = row[16] === null ? undefined : new TableMailbox(tables, this.name, row[16]);
  }

  get row(): SessionRow {
    return [
      1,
      this.secretHash,
      this.accountId,
      this.createdAt,
      this.birth,
      this.lastTime,
      this.lastContact,
      this.ttl,
      this.maxAge,
      this.ip,
      this.userAgent,
      this.reads,
      this.writes,
      this.dueAt,
      this.onlineAt,
      this.hasAttributes ? 1 : 0,
      this.mailbox?.row ?? null,
    ];
  }

  /** A reader whose node did not release it in time is released by the clock. */
  get isParked(): boolean {
    return this.mailbox?.isAnyParked === true;
  }

  /** Whether its idle clock runs. */
  idles({ pollRenews }: SessionContext): boolean {
    return !pollRenews || !this.isParked;
  }

  /** Why the session is dead by now, or `undefined` if it lives. */
  deadReason(context: SessionContext, now: number): CloseReason | undefined {
    const idleDeadline = this.idles(context) ? this.lastTime + this.ttl : Number.POSITIVE_INFINITY;
    const ageDeadline = this.#ageDeadline;
    if (now < idleDeadline && now < ageDeadline) return undefined;
    return idleDeadline <= ageDeadline ? 'expired' : 'max-age';
  }

  /** No later than the moment when it will expire, if nothing happens to it. */
  deadline(context: SessionContext, now: number): number {
    return Math.min((this.idles(context) ? this.lastTime : now) + this.ttl, this.#ageDeadline);
  }

  get #ageDeadline(): number {
    return this.maxAge === 0 ? Number.POSITIVE_INFINITY : this.createdAt + this.maxAge;
  }
}

export function nameOf(app: string, id: string): string {
  return `${app}:${id}`;
}

/** `<app>:<id>`, split. */
export function splitName(name: string): readonly [app: string, id: string] {
  const colon = name.indexOf(':');
  return [name.slice(0, colon), name.slice(colon + 1)];
}
