import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { SessionContext, type SessionRecord } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { SqliteStore } from '../../../../src/stores/sqlite/index.js';
import { randomNumbers } from '../storm-size.js';

/**
 * Damages copies of a database at random places, uses each copy, and reports where the store showed something that was
 * not stored. A separate program, so that a crash of native code is visible as the end of its process.
 *
 * Arguments: the path of the undamaged database, the number of copies, the seed.
 */

export interface DamageReport {
  /** Number of copies that were refused, or with which a step failed because of the damage. */
  readonly refused: number;
  /** Number of copies in which everything was shown as it was stored: the damage did not affect any data in use. */
  readonly whole: number;
  /** Number of copies in which sessions or messages were missing, although no step failed. */
  readonly incomplete: number;
  /** Everything that was shown differently from how it was stored. */
  readonly wrong: readonly string[];
}

const [, , sound = '', copies = '0', seed = '0'] = process.argv;
const next = randomNumbers(Number(seed));

/** The data of one session that the store shows. */
interface Shown {
  readonly facts: string;
  readonly mail: readonly string[];
  readonly lost: number;
}

/** Whether the session is as expected. Messages may be missing only if the reader is notified that they are lost. */
function isRight(found: Shown, expected: Shown | undefined): boolean {
  if (found.facts !== expected?.facts) return false;
  const isSubset = found.mail.every((message) => expected.mail.includes(message));
  return isSubset && found.lost - expected.lost === expected.mail.length - found.mail.length;
}

/** Returns everything that the store shows, by session. */
async function shown(path: string): Promise<ReadonlyMap<string, Shown>> {
  const store = new SqliteStore(new SessionContext({ maxSession: 0 }), { path, lockTimeout: 1_000 });
  await store.open(noListener);
  const texts = new Map<string, Shown>();
  try {
    const records: SessionRecord[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listApp('default', { activeWithin: undefined, limit: 100, cursor });
      records.push(...page.records);
      cursor = page.cursor;
    } while (cursor !== undefined);
    for (const record of records) {
      const byId = await store.get('default', record.id);
      const request = {
        reader: 'check',
        after: '',
        limit: 100,
        wait: 0,
        secretHash: undefined,
        generation: undefined,
        ticket: 1,
      } as const;
      const { messages, lost } = await store.read('default', record.id, request);
      const mail = messages.map(({ offset, at, json, key }) => [offset, at, json, key]);
      const { id, accountId, createdAt, ttl, maxAge, ip, userAgent, attributes, reads, writes } = byId;
      const facts = [id, accountId, createdAt, ttl, maxAge, ip, userAgent, attributes, reads, writes];
      texts.set(record.id, { facts: JSON.stringify(facts), mail: mail.map((each) => JSON.stringify(each)), lost });
    }
    return texts;
  } finally {
    await store.close();
  }
}

function damaged(bytes: Buffer): Buffer {
  const kind = next(4);
  const at = next(bytes.length);
  if (kind === 0) return bytes.subarray(0, at);
  const length = kind === 1 ? 1 : kind === 2 ? 1 + next(64) : 512;
  for (let each = at; each < Math.min(at + length, bytes.length); each += 1) {
    bytes[each] = kind === 1 ? (bytes[each] ?? 0) ^ (1 << next(8)) : next(256);
  }
  return bytes;
}

async function run(): Promise<DamageReport> {
  const reference = `${sound}.reference`;
  copyFileSync(sound, reference);
  const expected = await shown(reference);
  let [refused, whole, incomplete] = [0, 0, 0];
  const wrong: string[] = [];
  for (let each = 0; each < Number(copies); each += 1) {
    const path = `${sound}.copy`;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    writeFileSync(path, damaged(readFileSync(sound)), { mode: 0o600 });
    try {
      const found = await shown(path);
      let isWhole = found.size === expected.size;
      for (const [id, session] of found) {
        const sound = expected.get(id);
        if (!isRight(session, sound)) {
          wrong.push(`copy ${each}: ${JSON.stringify(session)} instead of ${JSON.stringify(sound)}`);
        }
        if (session.lost !== sound?.lost) isWhole = false;
      }
      if (isWhole) whole += 1;
      else incomplete += 1;
    } catch {
      refused += 1;
    }
  }
  return { refused, whole, incomplete, wrong };
}

process.send?.(await run());
process.disconnect();
