import * as v from 'valibot';
import type { SessionContext } from '../../context/session-context.js';
import { SessionError } from '../../errors/session-error.js';
import { Mailbox } from '../../mailbox/mailbox.js';
import { Message } from '../../mailbox/message.js';
import { deadReason, idles } from '../../store/engine/deadlines.js';
import type { Clock } from '../../time/clock.js';
import { machineTime } from '../machine-time.js';
import type { MemoryEntry } from './memory-entry.js';
import type { MemoryTables } from './memory-tables.js';
import { SnapshotFault, type SnapshotFile, type SnapshotTime } from './snapshot-file.js';

const mailboxSchema = v.object({
  epoch: v.string(),
  tail: v.number(),
  tailProof: v.number(),
  taken: v.number(),
  takenProof: v.number(),
  replaced: v.array(v.number()),
  readers: v.array(
    v.object({
      name: v.string(),
      cursor: v.number(),
      proof: v.number(),
      given: v.number(),
      givenProof: v.number(),
    }),
  ),
  /** Offset, time, JSON text and key of each message, and the time from which it ages, if that is another time. */
  messages: v.array(v.tuple([v.number(), v.number(), v.string(), v.nullable(v.string()), v.nullish(v.number())])),
});

const amendmentsSchema = v.object({
  formerHash: v.string(),
  authenticatedAt: v.number(),
  level: v.number(),
  lastIp: v.string(),
  lastUserAgent: v.string(),
});

const recordSchema = v.object({
  app: v.string(),
  id: v.string(),
  accountId: v.string(),
  secretHash: v.string(),
  generation: v.number(),
  createdAt: v.number(),
  lastTime: v.number(),
  lastContact: v.number(),
  ttl: v.number(),
  maxAge: v.number(),
  ip: v.string(),
  userAgent: v.string(),
  /** Missing if the session has no amendments. */
  amendments: v.optional(amendmentsSchema),
  /** Pairs, because a key may be one that has a special meaning in an object literal (`__proto__`). */
  attributes: v.array(v.tuple([v.string(), v.string()])),
  reads: v.number(),
  writes: v.number(),
  online: v.boolean(),
  mailbox: v.nullable(mailboxSchema),
});

type MailboxRecord = v.InferOutput<typeof mailboxSchema>;
type SnapshotRecord = v.InferOutput<typeof recordSchema>;

/** A message that does not age from its own time, because the wall clock was set while the service was down. */
class MovedMessage extends Message {
  readonly #agesFrom: number;

  constructor(message: Message, agesFrom: number) {
    super(message.offset, message.at, message);
    this.#agesFrom = agesFrom;
  }

  override get agesFrom(): number {
    return this.#agesFrom;
  }
}

/** Writes every live session. The snapshot stays locked. */
export async function writeSnapshot(
  snapshot: SnapshotFile,
  tables: MemoryTables,
  context: SessionContext,
  clock: Clock,
): Promise<void> {
  const now = clock.now();
  const machine = machineTime(clock);
  let count = 0;
  for (const _each of liveEntries(tables, context, now)) count += 1;
  await snapshot.write(recordsOf(tables, context, now), count, { now, ...(machine && { machine }) });
}

/**
 * Locks the snapshot and restores all of it or nothing. A damaged snapshot is set aside with a warning.
 * @throws SessionError `STORE_UNAVAILABLE` when its path can't be used, another user may have written it, or another
 * process has locked it
 */
export async function restoreSnapshot(snapshot: SnapshotFile, tables: MemoryTables, clock: Clock): Promise<void> {
  const fault = await snapshot.findOwnershipFault();
  if (fault !== undefined) {
    const text = `The session snapshot ${snapshot.path} can't be trusted: ${fault}`;
    throw new SessionError('STORE_UNAVAILABLE', text, {});
  }
  await snapshot.lock();
  try {
    await restore(snapshot, tables, clock);
  } catch (error) {
    await snapshot.unlock();
    throw error;
  }
}

async function restore(snapshot: SnapshotFile, tables: MemoryTables, clock: Clock): Promise<void> {
  const records: SnapshotRecord[] = [];
  let writtenAt: SnapshotTime | undefined;
  try {
    const found = await snapshot.read((record) => records.push(requireRecord(record)));
    if (found === undefined) return;
    writtenAt = found.time;
  } catch (error) {
    if (SessionError.is(error)) throw error;
    await setAside(snapshot, error);
    return;
  }
  if (writtenAt !== undefined) moveTimes(records, stepSince(writtenAt, clock));
  admit(records, tables, clock.now());
  await snapshot.remove();
}

/**
 * Returns by how many milliseconds the wall clock was set since then. Within the same boot of the machine, the steady
 * clock shows how much time has passed. Otherwise the only known fact is that time does not run backwards.
 */
function stepSince(writtenAt: SnapshotTime, clock: Clock): number {
  const now = clock.now();
  const machine = machineTime(clock);
  if (machine === undefined || machine.boot !== writtenAt.machine?.boot) return Math.min(0, now - writtenAt.now);
  return now - writtenAt.now - (machine.steady - writtenAt.machine.steady);
}

/** Moves all times by the step of the wall clock, so that sessions and messages do not expire early or late. */
function moveTimes(records: readonly SnapshotRecord[], step: number): void {
  if (step === 0) return;
  for (const record of records) {
    record.createdAt += step;
    record.lastTime += step;
    record.lastContact += step;
    if (record.amendments !== undefined) record.amendments.authenticatedAt += step;
    for (const message of record.mailbox?.messages ?? []) message[4] = (message[4] ?? message[1]) + step;
  }
}

async function setAside(snapshot: SnapshotFile, error: unknown): Promise<void> {
  const fault = error instanceof Error ? error.message : String(error);
  const begin = `The session snapshot ${snapshot.path} can't be used, all sessions in it are lost: ${fault}.`;
  try {
    snapshot.warn(`${begin} It was set aside as ${await snapshot.setAside()}`);
  } catch (renameError) {
    snapshot.warn(`${begin} It could not be set aside either: ${String(renameError)}`);
  }
}

/** Adds the records to the tables. Each order needs ascending times, so there is one pass for each order. */
function admit(records: SnapshotRecord[], tables: MemoryTables, now: number): void {
  const entries = new Map<SnapshotRecord, MemoryEntry>();
  for (const record of records.sort((one, other) => one.createdAt - other.createdAt)) {
    if (!isDead(record, now)) entries.set(record, restoreEntry(record, tables, now));
  }
  const live = [...entries].sort(([one], [other]) => one.lastTime - other.lastTime);
  for (const [{ app }, entry] of live) tables.of(app).addIdle(entry);
  for (const [{ app, online }, entry] of live.sort(([one], [other]) => one.lastContact - other.lastContact)) {
    if (online) tables.of(app).addOnline(entry);
  }
}

function isDead({ createdAt, lastTime, ttl, maxAge }: SnapshotRecord, now: number): boolean {
  return now >= lastTime + ttl || (maxAge > 0 && now >= createdAt + maxAge);
}

function restoreEntry(record: SnapshotRecord, tables: MemoryTables, now: number): MemoryEntry {
  const attributes = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(record.attributes)));
  const entry = tables.of(record.app).register({ ...record, attributes }, record, record.online);
  entry.generation = record.generation;
  entry.amendments = record.amendments;
  entry.reads = record.reads;
  entry.writes = record.writes;
  if (record.mailbox !== null) entry.mailbox = restoreMailbox(record.mailbox, now);
  return entry;
}

function requireRecord(value: unknown): SnapshotRecord {
  const result = v.safeParse(recordSchema, value);
  if (result.success) return result.output;
  throw new SnapshotFault(`a record is invalid: ${v.getDotPath(result.issues[0]) ?? 'no object'}`);
}

function restoreMailbox(record: MailboxRecord, now: number): Mailbox {
  const messages = record.messages.map(([offset, at, json, key, moved]) => {
    const message = new Message(offset, at, { json, bytes: Buffer.byteLength(json), key: key ?? undefined });
    return typeof moved === 'number' ? new MovedMessage(message, moved) : message;
  });
  return new Mailbox({ ...record, messages }, now);
}

function* liveEntries(tables: MemoryTables, context: SessionContext, now: number): Generator<MemoryEntry, void> {
  for (const app of tables.apps) {
    for (let slot = 0; slot < app.slotCount; slot += 1) {
      const entry = app.atSlot(slot);
      if (entry !== undefined && deadReason(entry, now, context) === undefined) yield entry;
    }
  }
}

function* recordsOf(tables: MemoryTables, context: SessionContext, now: number): Generator<SnapshotRecord, void> {
  for (const entry of liveEntries(tables, context, now)) {
    const { app, id, accountId, secretHash, generation, createdAt, ttl, maxAge, ip, userAgent, reads, writes } = entry;
    const { amendments } = entry;
    yield {
      app,
      id,
      accountId,
      secretHash,
      generation,
      createdAt,
      // Parked polls end with the process: for their sessions, idleness and silence begin now.
      lastTime: idles(entry, context) ? entry.lastTime : now,
      lastContact: entry.isParked ? now : entry.lastContact,
      ttl,
      maxAge,
      ip,
      userAgent,
      ...(amendments && { amendments }),
      attributes: Object.entries(entry.attributes),
      reads,
      writes,
      online: entry.reportedOnline,
      mailbox: entry.mailbox === undefined ? null : mailboxRecord(entry.mailbox),
    };
  }
}

function mailboxRecord(mailbox: Mailbox): MailboxRecord {
  const { replaced, readers, messages, ...state } = mailbox.state;
  return {
    ...state,
    replaced: [...replaced],
    readers: [...readers],
    messages: messages.map(({ offset, at, json, key, agesFrom }) => {
      return [offset, at, json, key ?? null, agesFrom === at ? null : agesFrom];
    }),
  };
}
