import { Redis } from 'ioredis';
import { keyPrefixOf } from '../compat/redis-sessions/class/client-options.js';
import { type ImportCounts, importSessions, OldNamespace } from '../compat/redis-sessions/import/index.js';
import { SessionContext } from '../context/session-context.js';
import { noListener } from '../store/session-store.js';
import { RedisStore } from '../stores/redis/index.js';
import type { ImportSettings } from './import-settings.js';
import { Progress } from './progress.js';

/** So many reasons are told; the rest is counted. */
const mostReasons = 10;

export async function importRedisSessions(settings: ImportSettings): Promise<void> {
  const { from, namespace, to, toNamespace } = settings;
  const store = new RedisStore(new SessionContext({ maxSession: 0 }), { url: to, keyPrefix: keyPrefixOf(toNamespace) });
  await store.open(noListener);
  try {
    const redis = await connect(from);
    try {
      await run(new OldNamespace(redis, namespace), store, settings);
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
  } catch (error) {
    const reason = cause ?? error;
    throw new Error(`The Redis of --from can't be used: ${reason instanceof Error ? reason.message : reason}`);
  }
  return redis;
}

async function run(old: OldNamespace, store: RedisStore, { app, dryRun }: ImportSettings): Promise<void> {
  const progress = new Progress(process.stderr, await old.size(), Date.now());
  let reasons = 0;
  const counts = await importSessions(old, store, {
    app,
    dryRun,
    now: Date.now,
    onProgress: (so) => progress.show(sum(so), Date.now()),
    onUnusable: (session, why) => {
      reasons += 1;
      if (reasons > mostReasons) return;
      progress.clear();
      // The end of a token tells when it was made, and opens nothing.
      console.error(`Not imported: a session of app ${session.app}, token …${session.token.slice(-9)}: ${why}`);
    },
  });
  progress.clear();
  console.log(summary(counts, dryRun));
}

function sum({ imported, present, expired, unusable, passed }: ImportCounts): number {
  return imported + present + expired + unusable + passed;
}

function summary(counts: ImportCounts, dryRun: boolean): string {
  const { imported, present, expired, unusable, passed } = counts;
  return [
    `${imported} ${dryRun ? 'would be imported' : 'imported'}`,
    `${present} imported before`,
    `${expired} expired`,
    `${unusable} not usable`,
    `${passed} passed over`,
  ].join(', ');
}
