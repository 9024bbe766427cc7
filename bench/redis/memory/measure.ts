import { note } from '../../support/output.js';
import type { BenchRedis } from '../../support/redis-server.js';
import { openNode, type RedisNode } from '../node.js';
import { accountOf, IP } from '../operations/subject.js';
import type { MemoryPlan } from '../plan.js';

/** Bytes of one session, or of one message. */
export interface MemoryRow {
  readonly what: string;
  /** `MEMORY USAGE` by kind of key; the memory of a key that sessions share is divided by their number. */
  readonly byKind: ReadonlyMap<string, number>;
  /** Growth of the server's allocated memory, including its tables of keys and deadlines. */
  readonly allocated: number;
}

interface State {
  readonly byKind: ReadonlyMap<string, number>;
  readonly allocated: number;
}

type Fill = (node: RedisNode, id: string) => Promise<void>;

const MESSAGE_SIZES = [100, 1_000];
const MESSAGE_COUNTS = [1, 10, 50];
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const FIVE_ATTRIBUTES = { theme: 'dark', language: 'en-GB', roles: ['admin'], visits: 12, beta: true };
const SCAN_SIZE = 1_000;

export async function measureMemory(redis: BenchRedis, plan: MemoryPlan): Promise<readonly MemoryRow[]> {
  note('memory');
  const bare = await stateOf(redis, plan, {}, async () => {});
  const userAgent = await stateOf(redis, plan, { userAgent: USER_AGENT }, async () => {});
  const attributes = await stateOf(redis, plan, { attributes: FIVE_ATTRIBUTES }, async () => {});
  const reader = await stateOf(redis, plan, {}, readOnce);
  const rows: MemoryRow[] = [
    { what: 'session', ...bare },
    { what: `session with a user agent of ${USER_AGENT.length} characters`, ...userAgent },
    { what: 'session with 5 attributes', ...attributes },
    { what: 'session with a mailbox and one reader', ...reader },
  ];
  for (const bytes of MESSAGE_SIZES) {
    for (const count of MESSAGE_COUNTS) {
      const data = 'x'.repeat(bytes - JSON.stringify('').length);
      const full = await stateOf(redis, plan, {}, async (node, id) => {
        await readOnce(node, id);
        for (let n = 0; n < count; n++) await node.manager.push(id, data);
      });
      rows.push({ what: `message of ${bytes} bytes, one of ${count}`, ...share(full, reader, count) });
    }
  }
  await redis.empty();
  return rows;
}

async function readOnce({ manager }: RedisNode, id: string): Promise<void> {
  await manager.poll(id, { after: '', wait: 0 });
}

/** Memory of one session among many, each of another account. */
async function stateOf(redis: BenchRedis, plan: MemoryPlan, options: object, fill: Fill): Promise<State> {
  await redis.empty();
  const node = await openNode(redis.port);
  try {
    const emptyMemory = await redis.usedMemory();
    const emptyKeys = await usageByKind(redis);
    await Promise.all(
      Array.from({ length: plan.sessions }, async (_, n) => {
        const { id } = await node.manager.createSession(accountOf(n), { ip: IP, ...options });
        await fill(node, id);
      }),
    );
    const allocated = ((await redis.usedMemory()) - emptyMemory) / plan.sessions;
    const byKind = new Map<string, number>();
    for (const [kind, bytes] of await usageByKind(redis)) {
      byKind.set(kind, (bytes - (emptyKeys.get(kind) ?? 0)) / plan.sessions);
    }
    return { byKind, allocated };
  } finally {
    await node.close();
  }
}

function share(full: State, before: State, count: number): State {
  const byKind = new Map<string, number>();
  for (const [kind, bytes] of full.byKind) byKind.set(kind, (bytes - (before.byKind.get(kind) ?? 0)) / count);
  return { byKind, allocated: (full.allocated - before.allocated) / count };
}

/** Sums `MEMORY USAGE` of every key, without sampling of elements, by kind of key. */
async function usageByKind({ client }: BenchRedis): Promise<Map<string, number>> {
  const sums = new Map<string, number>();
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'COUNT', SCAN_SIZE);
    const pipeline = client.pipeline();
    for (const key of keys) pipeline.memory('USAGE', key, 'SAMPLES', 0);
    const replies = (await pipeline.exec()) ?? [];
    for (const [index, [error, bytes]] of replies.entries()) {
      if (error !== null) throw error;
      const kind = kindOf(keys[index] ?? '');
      sums.set(kind, (sums.get(kind) ?? 0) + Number(bytes));
    }
    cursor = next;
  } while (cursor !== '0');
  return sums;
}

/** The kind of `session-mailbox:{0A}:as:default:…` is `as`. */
function kindOf(key: string): string {
  return /\}:([a-z]+)/.exec(key)?.[1] ?? key;
}
