import * as v from 'valibot';
import { Mailbox } from '../../mailbox/mailbox.js';
import { Message } from '../../mailbox/message.js';
import type { AppSessions } from './app-sessions.js';
import type { MemorySessions } from './memory-sessions.js';
import type { SessionEntry } from './session-entry.js';
import { SnapshotFault, type SnapshotFile } from './snapshot-file.js';

const mailboxSchema = v.object({
  epoch: v.string(),
  tail: v.number(),
  taken: v.number(),
  replaced: v.array(v.number()),
  readers: v.array(v.object({ name: v.string(), cursor: v.number() })),
  /** Offset, time, JSON text and key of each message. */
  messages: v.array(v.tuple([v.number(), v.number(), v.string(), v.nullable(v.string())])),
});

const recordSchema = v.object({
  app: v.string(),
  id: v.string(),
  accountId: v.string(),
  secretHash: v.string(),
  createdAt: v.number(),
  lastTime: v.number(),
  lastContact: v.number(),
  ttl: v.number(),
  maxAge: v.number(),
  ip: v.string(),
  userAgent: v.string(),
  /** Pairs, because a key may be one that an object literal would take for something else. */
  attributes: v.array(v.tuple([v.string(), v.string()])),
  reads: v.number(),
  writes: v.number(),
  online: v.boolean(),
  mailbox: v.nullable(mailboxSchema),
});

type MailboxRecord = v.InferOutput<typeof mailboxSchema>;
type SnapshotRecord = v.InferOutput<typeof recordSchema>;

/** Writes every live session; what is past its deadline stays out. */
export async function writeSnapshot(snapshot: SnapshotFile, sessions: MemorySessions): Promise<void> {
  // One moment for both passes, or a session that expires between them would make the count wrong.
  const { now } = sessions;
  let count = 0;
  for (const _each of liveEntries(sessions, now)) count += 1;
  await snapshot.write(recordsOf(sessions, now), count);
}

/** Restores what the snapshot holds, wholly or not at all; one that can't be used is set aside, with a warning. */
export async function restoreSnapshot(snapshot: SnapshotFile, sessions: MemorySessions): Promise<void> {
  const records: SnapshotRecord[] = [];
  try {
    const found = await snapshot.read((record) => records.push(requireRecord(record)));
    if (!found) return;
  } catch (error) {
    await setAside(snapshot, error);
    return;
  }
  admit(records, sessions);
  await snapshot.remove();
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

/** Every order relies on ascending times, so the records are taken in once for each of them. */
function admit(records: SnapshotRecord[], sessions: MemorySessions): void {
  const { now } = sessions;
  const entries = new Map<SnapshotRecord, SessionEntry>();
  for (const record of records.sort((one, other) => one.createdAt - other.createdAt)) {
    if (!isDead(record, now)) entries.set(record, restoreEntry(record, sessions, now));
  }
  const live = [...entries].sort(([one], [other]) => one.lastTime - other.lastTime);
  for (const [{ app }, entry] of live) sessions.of(app).startIdling(entry);
  for (const [{ app, online }, entry] of live.sort(([one], [other]) => one.lastContact - other.lastContact)) {
    if (online) sessions.of(app).restoreOnline(entry);
  }
}

function isDead({ createdAt, lastTime, ttl, maxAge }: SnapshotRecord, now: number): boolean {
  return now >= lastTime + ttl || (maxAge > 0 && now >= createdAt + maxAge);
}

function restoreEntry(record: SnapshotRecord, sessions: MemorySessions, now: number): SessionEntry {
  const attributes = Object.freeze(Object.assign(Object.create(null), Object.fromEntries(record.attributes)));
  const entry = sessions.of(record.app).register({ ...record, attributes }, record);
  entry.reads = record.reads;
  entry.writes = record.writes;
  entry.reportedOnline = record.online;
  if (record.mailbox !== null) entry.mailbox = restoreMailbox(record.mailbox, now);
  return entry;
}

function requireRecord(value: unknown): SnapshotRecord {
  const result = v.safeParse(recordSchema, value);
  if (result.success) return result.output;
  throw new SnapshotFault(`a record is not as it should be: ${v.getDotPath(result.issues[0]) ?? 'no object'}`);
}

function restoreMailbox(record: MailboxRecord, now: number): Mailbox {
  const messages = record.messages.map(
    ([offset, at, json, key]) =>
      new Message(offset, at, { json, bytes: Buffer.byteLength(json), key: key ?? undefined }),
  );
  return new Mailbox({ ...record, messages }, now);
}

function* liveEntries(
  sessions: MemorySessions,
  now: number,
): Generator<{ of: AppSessions; entry: SessionEntry }, void> {
  for (const each of sessions.apps) {
    for (let slot = 0; slot < each.slotCount; slot += 1) {
      const entry = each.atSlot(slot);
      if (entry !== undefined && sessions.deadReason(each, entry, now) === undefined) yield { of: each, entry };
    }
  }
}

function* recordsOf(sessions: MemorySessions, now: number): Generator<SnapshotRecord, void> {
  for (const { of, entry } of liveEntries(sessions, now)) {
    const { id, accountId, secretHash, ttl, ip, userAgent, slot } = entry;
    // Whoever is parked still is let go now: neither idleness nor silence began before.
    const lastTime = sessions.idles(entry) ? of.times.lastTime(slot) : now;
    const lastContact = entry.parked > 0 ? now : of.times.lastContact(slot);
    const { reads, writes, reportedOnline: online } = entry;
    yield {
      app: of.app,
      id,
      accountId,
      secretHash,
      createdAt: of.times.createdAt(slot),
      lastTime,
      lastContact,
      ttl,
      maxAge: of.times.maxAge(slot),
      ip,
      userAgent,
      attributes: Object.entries(entry.attributes),
      reads,
      writes,
      online,
      mailbox: entry.mailbox === undefined ? null : mailboxRecord(entry.mailbox),
    };
  }
}

function mailboxRecord(mailbox: Mailbox): MailboxRecord {
  const { epoch, tail, taken, replaced, readers, messages } = mailbox.state;
  return {
    epoch,
    tail,
    taken,
    replaced: [...replaced],
    readers: [...readers],
    messages: messages.map(({ offset, at, json, key }) => [offset, at, json, key ?? null]),
  };
}
