import type { Database, RootDatabase } from 'lmdb';
import type { AttributesRow, MessageRow, NodeRow, NoticeRow, ReportRow, SessionRow, TombstoneRow } from './rows.js';

export type Table<Row> = Database<Row, string>;

/** Text as UTF-8, whose order by bytes is that of its code points. */
const keyEncoder = {
  writeKey(key: string, target: Buffer, start: number): number {
    // Node cuts off silently what does not fit; the library takes this error for a sign to use another buffer.
    const fits = start + 3 * key.length <= target.length || start + Buffer.byteLength(key) <= target.length;
    if (!fits) throw new RangeError('The key does not fit');
    return start + target.write(key, start, 'utf8');
  },
  readKey: (source: Buffer, start: number, end: number) => Buffer.prototype.toString.call(source, 'utf8', start, end),
};

/** What a range ends before: beyond everything that UTF-8 has. */
export const beyondAll = '\u{10ffff}';

/**
 * The tables of one environment. A session goes by `<app>:<id>` in all of them; what has several rows goes on behind
 * that.
 */
export class Tables {
  /** By `<app>:<id>`. */
  readonly sessions: Table<SessionRow | TombstoneRow>;
  /** By `<app>:<id>`; none where a session has no attributes. */
  readonly attributes: Table<AttributesRow>;
  /** By `<app>:<id>:<offset>`, oldest first. */
  readonly messages: Table<MessageRow>;
  /** Offsets of the messages that have keys, by `<app>:<id>:<key>`. */
  readonly keyed: Table<number>;
  /** Ids by `<app>:<account>\n<birth>`: an account's sessions, in order of creation. */
  readonly accounts: Table<string>;
  /** Names of sessions by `<time><app>:<id>`: none is due before that time, but any may be later. */
  readonly due: Table<0>;
  /** The same for those that are not reported away, and may have fallen silent. */
  readonly online: Table<0>;
  readonly nodes: Table<NodeRow>;
  /** By `<node>:<number>`, in the order in which they were told. */
  readonly inbox: Table<NoticeRow>;
  /** What a sweep closed, and whose caller may not have heard of it yet, by `<node>:<number>`. */
  readonly reports: Table<ReportRow>;
  /** Counters that never go back. */
  readonly counters: Table<number>;

  constructor(root: RootDatabase<unknown, string>) {
    const table = <Row>(name: string): Table<Row> => root.openDB<Row, string>({ name, ...tableOptions });
    this.sessions = table('sessions');
    this.attributes = table('attributes');
    this.messages = table('messages');
    this.keyed = table('keyed');
    this.accounts = table('accounts');
    this.due = table('due');
    this.online = table('online');
    this.nodes = table('nodes');
    this.inbox = table('inbox');
    this.reports = table('reports');
    this.counters = table('counters');
  }
}

export const tableCount = 11;

const tableOptions = { keyEncoder };

/** A number in a key: of the same length always, so that texts stand in its order. */
export function numberText(value: number): string {
  return Math.min(value, mostInKey).toString(36).padStart(9, '0');
}

export const numberLength = 9;
/** Milliseconds until the year 5188; longer lives than that no entry has to keep in mind. */
const mostInKey = 36 ** 9 - 1;

/** The keys, in order, of rows whose keys begin with the prefix. */
export function keysWith<Row>(table: Table<Row>, prefix: string, limit: number): string[] {
  return [...table.getKeys({ start: prefix, end: prefix + beyondAll, limit })];
}
