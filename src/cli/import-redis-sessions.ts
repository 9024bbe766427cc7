import { Redis } from 'ioredis';
import { keyPrefixOf } from '../compat/redis-sessions/class/client-options.js';
import { type ImportCounts, importSessions, OldNamespace } from '../compat/redis-sessions/import/index.js';
import { SessionContext } from '../context/session-context.js';
import { noListener } from '../store/no-listener.js';
import { RedisStore } from '../stores/redis/index.js';
import type { ImportSettings } from './import-settings.js';
import { ProgressLine } from './progress-line.js';
import type { Terminal } from './terminal.js';

/**
 * Maximum number of sessions that are shown with the reason why they were not imported. The others are only counted.
 */
const mostReasons = 10;

export async function importRedisSessions(settings: ImportSettings, terminal: Terminal): Promise<void> {
  const { from, namespace, to, toNamespace } = settings;
  const store = new RedisStore(new SessionContext({ maxSession: 0 }), { url: to, keyPrefix: keyPrefixOf(toNamespace) });
  // No poll waits in this process.
  await store.open(noListener);
  try {
    const redis = await connect(from);
    try {
      await run(new OldNamespace(redis, namespace), store, settings, terminal);
    } finally {
      redis.disconnect();
    }
  } finally {
    await store.close();
  }
}

async function connect(url: string): Promise<Redis> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  let cause: unknown;
  redis.on('error', (error) => {
    cause ??= error;
  });
  try {
    await redis.connect();
    // If the server refused the database, ioredis goes on in database 0.
    const { db = 0 } = redis.options;
    if (db !== 0) await redis.select(db);
  } catch (error) {
    redis.disconnect();
    const reason = cause ?? error;
    throw new Error(`The Redis of --from can't be used: ${reason instanceof Error ? reason.message : reason}`);
  }
  return redis;
}

async function run(
  old: OldNamespace,
  store: RedisStore,
  { app, dryRun }: ImportSettings,
  { stdout, stderr }: Terminal,
): Promise<void> {
  const progress = new ProgressLine(stderr, await old.size(), Date.now());
  let reasons = 0;
  const counts = await importSessions(old, store, {
    app,
    dryRun,
    now: Date.now,
    onProgress: (counts) => progress.show(sum(counts), Date.now()),
    onUnusable: (session, why) => {
      reasons += 1;
      if (reasons > mostReasons) return;
      progress.clear();
      // The end of an old token is only its time of creation, which gives no access.
      const end = session.token.slice(-9);
      stderr.write(`Not imported: a session of app ${session.app}, token …${end}: ${why}\n`);
    },
  });
  progress.clear();
  stdout.write(`${summary(counts, dryRun)}\n`);
}

function sum({ imported, present, expired, unusable, skipped }: ImportCounts): number {
  return imported + present + expired + unusable + skipped;
}

function summary(counts: ImportCounts, dryRun: boolean): string {
  const { imported, present, expired, unusable, skipped } = counts;
  return [
    `${imported} ${dryRun ? 'would be imported' : 'imported'}`,
    `${present} imported before`,
    `${expired} expired`,
    `${unusable} not usable`,
    `${skipped} skipped`,
  ].join(', ');
}
