import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { PollWorld } from '../support/http-poll-world.js';

const reader = fc.constantFrom('a', 'b', 'c');
const limit = fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined });

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom(undefined, undefined, 'k', 'l') }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('poll' as const), reader, limit, adopts: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('retry' as const), reader, limit, back: fc.nat(5) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold' as const), reader }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hangUp' as const), reader }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), limit }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('holdDrain' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('advance' as const), by: fc.constantFrom(1, 1_000, 4_000, 5_000, 30_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

const bounds = fc.record({
  msgMaxLength: fc.integer({ min: 1, max: 6 }),
  onOverflow: fc.constantFrom('drop-oldest' as const, 'drop-newest' as const, 'reject' as const, 'close' as const),
  messageTtl: fc.constantFrom(0, 5_000),
});

test('every batch is what the design says: all retained, in order, and lost counts exactly what bounds dropped', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'poll-property-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await fc.assert(
    fc.asyncProperty(bounds, fc.array(command, { minLength: 1, maxLength: 60 }), async (context, commands) => {
      const world = await PollWorld.open(context, join(folder, 'sessions.snapshot'));
      try {
        for (const each of commands) {
          if (world.isClosed) break;
          switch (each.do) {
            case 'push':
              await world.push(each.key);
              break;
            case 'poll':
              await world.poll(each.reader, each.limit, each.adopts);
              break;
            case 'retry':
              await world.retry(each.reader, each.limit, each.back);
              break;
            case 'hold':
              await world.hold(each.reader);
              break;
            case 'hangUp':
              await world.hangUp(each.reader);
              break;
            case 'drain':
              await world.drain(each.limit);
              break;
            case 'holdDrain':
              await world.holdDrain();
              break;
            case 'advance':
              await world.advance(each.by);
              break;
            case 'restart':
              await world.restart();
              break;
          }
        }
        await world.settleUp();
      } finally {
        await world.close();
        await rm(join(folder, 'sessions.snapshot'), { force: true });
      }
    }),
    { numRuns: 200 },
  );
  t.pass();
});
