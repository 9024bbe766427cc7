import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore, type SessionManager, type StoreBinding, startSessions } from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { inPromiseLanes } from '../support/flight.js';
import { describeLoad, describeMachine } from '../support/machine.js';
import { memoryAfterGc } from '../support/memory.js';
import { readOptions } from '../support/options.js';
import { note } from '../support/output.js';
import { BenchRedis } from '../support/redis-server.js';
import { bytes, markdownTable, microseconds } from '../support/report.js';

/*
 * Measures the resources of a store that one typical session takes, for the capacity model of docs/operations.md. A
 * session has a user agent of 101 characters, two attributes and a reader; an account has two sessions; a message has
 * 200 bytes.
 */

const LANES = 256;
const MESSAGES = 5;
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';
const DATA = 'x'.repeat(200 - JSON.stringify('').length);
/** Interval so long that no background work is measured. */
const NEVER = 2 ** 31 - 1;
const quiet = { gcInterval: NEVER, hbTime: NEVER };

/** Bytes of one session and of one message. */
interface Sizes {
  readonly session: number;
  readonly message: number;
}

interface Device {
  readonly id: string;
  readonly token: string;
  cursor: string;
}

const { sizes, quick } = readOptions({ rounds: 1, sizes: [20_000], quickSizes: [500] });

console.log(`# Capacity\n\n${describeMachine()}; ${describeLoad()}`);
for (const count of sizes) {
  const memory = await measureMemory(count);
  const sqlite = await measureSqlite(count);
  const redis = await BenchRedis.start();
  try {
    const { taken, costs } = await measureRedis(redis, count);
    const rows = Object.entries({ memory, SQLite: sqlite, Redis: taken });
    console.log(`\n## ${count} sessions, ${await redis.version()}${quick ? ' (a quick run means nothing)' : ''}\n`);
    const cells = rows.map(([name, { session, message }]) => [name, bytes(session), bytes(message)]);
    console.log(markdownTable(['', 'session', 'message of 200 bytes'], cells));
    console.log(
      `\n${markdownTable(
        ['step', 'Redis CPU'],
        [...costs].map(([step, cpu]) => [step, microseconds(cpu)]),
      )}`,
    );
  } finally {
    await redis.stop();
  }
}

async function login(sessions: SessionManager, count: number): Promise<readonly Device[]> {
  const devices: Device[] = [];
  const options = { ip: '192.0.2.1', userAgent: USER_AGENT, attributes: { theme: 'dark', language: 'en-GB' } };
  await inPromiseLanes(numbers(count), LANES, async (n) => {
    const { id, token } = await sessions.createSession(`account-${n >> 1}`, options);
    devices.push({ id, token, cursor: '' });
  });
  return devices;
}

async function read(sessions: SessionManager, devices: readonly Device[], wait: number): Promise<void> {
  await inPromiseLanes(devices, LANES, async (device) => {
    device.cursor = (await sessions.poll(device.id, { after: device.cursor, wait })).cursor;
  });
}

async function push(sessions: SessionManager, devices: readonly Device[]): Promise<void> {
  await inPromiseLanes(devices, LANES, ({ id }) => sessions.push(id, DATA));
}

/** @param taken returns the bytes that the store takes now */
async function measureSizes(sessions: SessionManager, count: number, taken: () => Promise<number>): Promise<Sizes> {
  const empty = await taken();
  const devices = await login(sessions, count);
  await read(sessions, devices, 0);
  const filled = await taken();
  for (let n = 0; n < MESSAGES; n++) await push(sessions, devices);
  const full = await taken();
  return { session: (filled - empty) / count, message: (full - filled) / count / MESSAGES };
}

async function measureMemory(count: number): Promise<Sizes> {
  note(`memory, ${count}`);
  const { sessions, stop } = await startSessions(quiet, memoryStore());
  const taken = await measureSizes(sessions, count, async () => memoryAfterGc().heap);
  await stop();
  return taken;
}

/** The size of the file, once all of its log was copied into it. */
async function measureSqlite(count: number): Promise<Sizes> {
  note(`SQLite, ${count}`);
  const folder = await mkdtemp(join(tmpdir(), 'bench-capacity-'));
  const sizeOf = async (name: string, fill: (sessions: SessionManager) => Promise<void>): Promise<number> => {
    const path = join(folder, name);
    const binding: StoreBinding = sqliteStore({ path, durability: 'interval' });
    const { sessions, stop } = await startSessions(quiet, binding);
    await fill(sessions);
    await stop();
    return (await stat(path)).size;
  };
  try {
    const empty = await sizeOf('empty.db', async () => {});
    const filled = await sizeOf('filled.db', async (sessions) => read(sessions, await login(sessions, count), 0));
    const full = await sizeOf('full.db', async (sessions) => {
      const devices = await login(sessions, count);
      await read(sessions, devices, 0);
      for (let n = 0; n < MESSAGES; n++) await push(sessions, devices);
    });
    return { session: (filled - empty) / count, message: (full - filled) / count / MESSAGES };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Also measures the CPU of the server's main thread for each step of a session's life, in µs. */
async function measureRedis(
  redis: BenchRedis,
  count: number,
): Promise<{ readonly taken: Sizes; readonly costs: ReadonlyMap<string, number> }> {
  note(`Redis, ${count}`);
  const { sessions, stop } = await startSessions(quiet, redisStore({ url: redis.url }));
  const taken = await measureSizes(sessions, count, () => redis.usedMemory());
  await sessions.closeApp();
  const costs = new Map<string, number>();
  const timed = async <Result>(step: string, run: () => Promise<Result>): Promise<Result> => {
    const before = (await redis.cost()).cpu;
    const result = await run();
    costs.set(step, ((await redis.cost()).cpu - before) / count);
    return result;
  };
  const devices = await timed('login', () => login(sessions, count));
  await timed('authenticated request', () =>
    inPromiseLanes(devices, LANES, ({ token }) => sessions.authenticate(token)),
  );
  await read(sessions, devices, 0);
  await timed('quiet poll: held and ended by its time', () => read(sessions, devices, 1));
  await timed('push to a mailbox', () => push(sessions, devices));
  await timed('poll that finds a message', () => read(sessions, devices, 0));
  await timed('logout', () => inPromiseLanes(devices, LANES, ({ id }) => sessions.closeSession(id, 'logout')));
  await stop();
  return { taken, costs };
}

/** 1 to `count`. */
function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}
