import { parseArgs } from 'node:util';
import { note } from '../support/output.js';
import { BenchRedis } from '../support/redis-server.js';
import { figuresTable, microseconds, perSecond } from '../support/report.js';
import type { Figures, Round } from '../support/results.js';
import { Child } from '../support/rpc.js';
import { rotated } from '../support/stats.js';
import type { ClientsChild } from './clients/child.js';
import { SENDERS } from './clients/senders.js';
import { recordCalls } from './limit/recorded-calls.js';
import { numberOf, seedSessions, withId } from './limit/seeded-sessions.js';

const ROUNDS = 5;
const SESSIONS = 1_000;
const WARM_UP = 20_000;
const CALLS = 100_000;

/**
 * Compares client libraries and ways to use them. `--redis` names the folder in which `npm install redis@6` was run.
 */
const { values } = parseArgs({ options: { redis: { type: 'string' } } });
const names = Object.keys(SENDERS).filter((name) => values.redis !== undefined || !name.startsWith('redis,'));
const redis = await BenchRedis.start();
const rounds: Round[] = [];

try {
  const calls = await recordCalls(redis.port);
  await redis.empty();
  await seedSessions(redis, calls, SESSIONS);
  const looks = Array.from({ length: SESSIONS }, (_, n) => withId(calls.authenticate, numberOf(n), calls.id));
  for (let round = 0; round < ROUNDS; round++) {
    const figures = new Map<string, Figures>();
    for (const name of rotated(names, round)) {
      note(name);
      const args = [name, String(redis.port), values.redis ?? ''];
      const child = Child.start<ClientsChild>(new URL('./clients/child.js', import.meta.url), args, []);
      try {
        await child.call('run', looks, WARM_UP);
        const before = await redis.cost();
        const { rate, cpu } = await child.call('run', looks, CALLS);
        const after = await redis.cost();
        figures.set(name, { rate, cpu, redisCpu: (after.cpu - before.cpu) / CALLS });
      } finally {
        await child.stop();
      }
    }
    rounds.push(figures);
  }
} finally {
  await redis.stop();
}
console.log(
  figuresTable(rounds, names, [
    { name: 'rate', title: 'authenticate', format: perSecond },
    { name: 'cpu', title: 'client CPU per call', format: microseconds },
    { name: 'redisCpu', title: 'Redis CPU per call', format: microseconds },
  ]),
);
