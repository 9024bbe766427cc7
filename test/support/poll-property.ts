import fc from './fast-check.js';
import { PollWorld } from './http-poll-world.js';
import type { PollStage } from './poll-stage.js';

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

type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;
type Bounds = typeof bounds extends fc.Arbitrary<infer Value> ? Value : never;

/** Two readers go back behind the floor. A message replaced there may be reported as lost to the second reader, too. */
const twoGoBack: [Bounds, Command[]] = [
  { msgMaxLength: 1, onOverflow: 'drop-oldest', messageTtl: 0 },
  [
    { do: 'poll', reader: 'b', limit: undefined, adopts: true },
    { do: 'poll', reader: 'c', limit: undefined, adopts: true },
    { do: 'push', key: 'k' },
    { do: 'poll', reader: 'c', limit: undefined, adopts: true },
    { do: 'hold', reader: 'c' },
    { do: 'push', key: 'k' },
    { do: 'poll', reader: 'b', limit: undefined, adopts: true },
    { do: 'hold', reader: 'b' },
    { do: 'push', key: undefined },
    { do: 'hold', reader: 'c' },
    { do: 'retry', reader: 'c', limit: undefined, back: 3 },
    { do: 'retry', reader: 'b', limit: undefined, back: 2 },
  ],
];

export interface PollPropertyOptions {
  /** Creates an empty store and a clock. `close` removes them. */
  readonly stage: () => Promise<PollStage & { close(): Promise<void> }>;
  readonly runs: number;
}

/** Checks that every batch has all retained messages in order, and that `lost` counts exactly what bounds dropped. */
export async function checkPolls({ stage, runs }: PollPropertyOptions): Promise<void> {
  await fc.assert(
    fc.asyncProperty(bounds, fc.array(command, { minLength: 1, maxLength: 60 }), async (context, commands) => {
      const place = await stage();
      try {
        const world = await PollWorld.open(context, place);
        try {
          for (const each of commands) {
            if (world.isClosed) break;
            await carryOut(world, each);
          }
          await world.settleUp();
        } finally {
          await world.close();
        }
      } finally {
        await place.close();
      }
    }),
    { numRuns: runs, examples: [twoGoBack] },
  );
}

function carryOut(world: PollWorld, each: Command): Promise<void> {
  switch (each.do) {
    case 'push':
      return world.push(each.key);
    case 'poll':
      return world.poll(each.reader, each.limit, each.adopts);
    case 'retry':
      return world.retry(each.reader, each.limit, each.back);
    case 'hold':
      return world.hold(each.reader);
    case 'hangUp':
      return world.hangUp(each.reader);
    case 'drain':
      return world.drain(each.limit);
    case 'holdDrain':
      return world.holdDrain();
    case 'advance':
      return world.advance(each.by);
    case 'restart':
      return world.restart();
  }
}
