import type { Row, SqlValue } from '../driver/database.js';
import { restored } from './any-text.js';
import { checksumOf } from './checksum.js';
import { DamagedRow } from './damaged-row.js';

/** The values of a session's first row. Values that change with every contact are in the second, `ContactValues`. */
export interface SessionValues {
  readonly app: string;
  readonly id: string;
  readonly accountId: string;
  secretHash: string;
  generation: number;
  readonly createdAt: number;
  readonly maxAge: number;
  readonly ip: string;
  readonly userAgent: string;
  /** JSON, or `null` for none. Rarely set. */
  amendments: string | null;
  /** JSON, or `null` for none. */
  attributes: string | null;
  writes: number;
}

export interface ContactValues {
  lastTime: number;
  lastContact: number;
  ttl: number;
  reads: number;
  dueAt: number;
  silentAt: number | null;
  parked: number;
  retained: number;
  mailbox: string | null;
}

/** A session as it is stored in the database. A save changes it in place. */
export interface StoredSession {
  /** 0 while the session is not in the database. */
  key: number;
  readonly session: SessionValues;
  readonly contact: ContactValues;
  /** Version of the rows. Each `updateContact` adds 1. */
  version: number;
}

/** Returns a random version, so that a session which reuses the key of an ended session is not mistaken for it. */
export function newVersion(): number {
  return Math.floor(Math.random() * 2 ** 50);
}

export function sessionChecksum(session: SessionValues): number {
  const { app, id, accountId, secretHash, generation, createdAt, maxAge, ip, userAgent } = session;
  const { amendments, attributes, writes } = session;
  return checksumOf(
    app,
    id,
    accountId,
    secretHash,
    generation,
    createdAt,
    maxAge,
    ip,
    userAgent,
    amendments,
    attributes,
    writes,
  );
}

export function contactChecksum(key: number, { app, id }: SessionValues, contact: ContactValues): number {
  const { lastTime, lastContact, ttl, reads, dueAt, silentAt, parked, retained, mailbox } = contact;
  return checksumOf(key, app, id, lastTime, lastContact, ttl, reads, dueAt, silentAt, parked, retained, mailbox);
}

/**
 * Decodes a row of `SessionRows`, and checks it.
 * @throws DamagedRow if a value has another type, or a checksum does not fit
 */
export function storedSession(row: Row): StoredSession {
  const session = sessionOf(row);
  const key = number(row[0]);
  return { key, session, contact: contactOf(row, key, session), version: number(row.at(-1)) };
}

/** A session of which a row does not fit its checksum. */
export interface DamagedSession {
  readonly key: number;
  /** As the row has it: it may be damaged. */
  readonly id: string;
  /** The values of the row of `session`, if only the row of `contact` is damaged. */
  readonly session: SessionValues | undefined;
}

/** @param row for which `storedSession` throws */
export function damagedSession(row: Row): DamagedSession {
  const identity = { key: Number(row[0]), id: String(row[2]) };
  try {
    return { ...identity, session: sessionOf(row) };
  } catch {
    return { ...identity, session: undefined };
  }
}

function sessionOf(row: Row): SessionValues {
  const session: SessionValues = {
    app: text(row[1]),
    id: text(row[2]),
    accountId: text(row[3]),
    secretHash: text(row[4]),
    generation: number(row[5]),
    createdAt: number(row[6]),
    maxAge: number(row[7]),
    ip: text(row[8]),
    userAgent: restored(text(row[9])),
    amendments: row[10] === null ? null : text(row[10]),
    attributes: row[11] === null ? null : text(row[11]),
    writes: number(row[12]),
  };
  if (sessionChecksum(session) !== row[13]) throw new DamagedRow('session');
  return session;
}

function contactOf(row: Row, key: number, session: SessionValues): ContactValues {
  const contact: ContactValues = {
    lastTime: number(row[14]),
    lastContact: number(row[15]),
    ttl: number(row[16]),
    reads: number(row[17]),
    dueAt: number(row[18]),
    silentAt: row[19] === null ? null : number(row[19]),
    parked: number(row[20]),
    retained: number(row[21]),
    mailbox: row[22] === null ? null : text(row[22]),
  };
  if (contactChecksum(key, session, contact) !== row[23]) throw new DamagedRow('contact');
  return contact;
}

function text(value: SqlValue | undefined): string {
  if (typeof value === 'string') return value;
  throw new DamagedRow('session');
}

function number(value: SqlValue | undefined): number {
  if (typeof value === 'number') return value;
  throw new DamagedRow('session');
}
