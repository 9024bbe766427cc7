import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from '../support/fast-check.js';
import { rounds } from '../support/limits.js';
import { pollTransports } from '../support/poll-transports.js';
import { transports } from '../support/stream-transports.js';
import { TransportWorld, type WorldBounds } from '../support/transport-world.js';

const reader = fc.nat(2);

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      count: fc.integer({ min: 1, max: 3 }),
      key: fc.constantFrom(undefined, undefined, 'k', 'l'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('open' as const), reader, back: fc.constantFrom(0, 0, 0, 1, 3) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), reader }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('cut' as const), reader, count: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('acknowledge' as const), reader }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), by: fc.constantFrom(1, 5_000, 25_000, 70_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

const bounds = fc.record({
  msgMaxLength: fc.integer({ min: 1, max: 6 }),
  onOverflow: fc.constantFrom('drop-oldest' as const, 'drop-newest' as const, 'reject' as const),
  messageTtl: fc.constantFrom(0, 0, 5_000),
  readers: fc.constantFrom(1, 3),
});

type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

/**
 * Scripts with a loss, an older place, a lifetime and a restart, a combination that is rare in random scripts. The last
 * script has a burst that exceeds the mailbox, of which a slow second client that polls loses a part.
 */
const examples: [WorldBounds, Command[]][] = [
  [
    { msgMaxLength: 2, onOverflow: 'drop-oldest', messageTtl: 0, readers: 1 },
    [
      { do: 'open', reader: 0, back: 0 },
      { do: 'push', count: 2, key: undefined },
      { do: 'close', reader: 0 },
      { do: 'push', count: 3, key: undefined },
      { do: 'open', reader: 0, back: 0 },
      { do: 'acknowledge', reader: 0 },
      { do: 'cut', reader: 0, count: 3 },
      { do: 'open', reader: 0, back: 0 },
      { do: 'restart' },
      { do: 'push', count: 3, key: undefined },
      { do: 'open', reader: 0, back: 3 },
    ],
  ],
  [
    { msgMaxLength: 3, onOverflow: 'drop-newest', messageTtl: 5_000, readers: 3 },
    [
      { do: 'open', reader: 0, back: 0 },
      { do: 'open', reader: 1, back: 0 },
      { do: 'push', count: 2, key: 'k' },
      { do: 'close', reader: 0 },
      { do: 'push', count: 3, key: undefined },
      { do: 'push', count: 2, key: undefined },
      { do: 'open', reader: 0, back: 0 },
      { do: 'close', reader: 0 },
      { do: 'push', count: 2, key: undefined },
      { do: 'advance', by: 5_000 },
      { do: 'open', reader: 0, back: 0 },
      { do: 'advance', by: 70_000 },
      { do: 'open', reader: 0, back: 3 },
    ],
  ],
  [
    { msgMaxLength: 1, onOverflow: 'drop-oldest', messageTtl: 0, readers: 3 },
    [
      { do: 'open', reader: 1, back: 0 },
      { do: 'open', reader: 0, back: 0 },
      { do: 'cut', reader: 0, count: 3 },
      { do: 'push', count: 1, key: undefined },
    ],
  ],
];

function carryOut(world: TransportWorld, each: Command): Promise<void> {
  switch (each.do) {
    case 'push':
      return world.push(each.count, each.key);
    case 'open':
      return world.open(each.reader, each.back);
    case 'close':
      return world.close(each.reader);
    case 'cut':
      return world.cut(each.reader, each.count);
    case 'acknowledge':
      return world.acknowledge(each.reader);
    case 'advance':
      return world.advance(each.by);
    case 'restart':
      return world.restart();
  }
}

const inProcess: ReadonlySet<string> = new Set(['poll', 'streamInto']);

for (const [name, start] of Object.entries({ ...pollTransports, ...transports })) {
  const numRuns = inProcess.has(name) ? rounds({ sample: 40, full: 500 }) : rounds({ sample: 8, full: 60 });
  test.serial(
    `${name}: each client receives each message once, in order, or a report of its loss, and unacknowledged messages stay`,
    async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'transport-property-'));
      t.teardown(() => rm(folder, { recursive: true }));
      const snapshot = join(folder, 'sessions.snapshot');
      // A failure reports its seed and path.
      await fc.assert(
        fc.asyncProperty(bounds, fc.array(command, { minLength: 1, maxLength: 25 }), async (each, commands) => {
          const world = new TransportWorld(each, start, snapshot);
          await world.start();
          try {
            for (const one of commands) await carryOut(world, one);
            await world.settleUp();
          } finally {
            await world.stop();
            await rm(snapshot, { force: true });
          }
        }),
        { numRuns, examples, includeErrorInReport: true },
      );
      t.pass();
    },
  );
}
