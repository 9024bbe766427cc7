import { SessionContext } from '../../src/index.js';
import fc from './fast-check.js';
import { type RollbackStage, RollbackWorld } from './rollback-world.js';

const reader = fc.constantFrom('one' as const, 'two' as const);
const limit = fc.integer({ min: 1, max: 4 });

const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('push' as const), key: fc.constantFrom(undefined, undefined, 'k') }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('poll' as const), reader, limit, arrives: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('hold' as const), reader }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('drain' as const), limit, isLate: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('acknowledgeLate' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('replace' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mark' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('goBack' as const), which: fc.nat({ max: 7 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('missed' as const) }) },
);

type Command = typeof command extends fc.Arbitrary<infer Value> ? Value : never;

const roomy = 1_000;
const bounds = fc.record({
  msgMaxLength: fc.constantFrom(2, 4, roomy, roomy),
  onOverflow: fc.constantFrom('drop-oldest' as const, 'drop-newest' as const, 'reject' as const),
});

export interface RollbackPropertyOptions {
  /** Creates an empty store. */
  readonly stage: (context: SessionContext) => Promise<RollbackStage>;
  readonly runs: number;
}

/** Checks that every acknowledged message is received, or that its reader received `lost` or `reset` after the push. */
export async function checkRollbacks({ stage, runs }: RollbackPropertyOptions): Promise<void> {
  await fc.assert(
    fc.asyncProperty(bounds, fc.array(command, { minLength: 5, maxLength: 40 }), async (bound, commands) => {
      const context = new SessionContext({ ...bound, maxSession: 0, pollTime: 60_000 });
      const world = await RollbackWorld.open(await stage(context));
      try {
        for (const each of commands) await carryOut(world, each);
        await world.settleUp(bound.msgMaxLength === roomy);
      } finally {
        await world.close();
      }
    }),
    { numRuns: runs },
  );
}

async function carryOut(world: RollbackWorld, each: Command): Promise<unknown> {
  switch (each.do) {
    case 'push':
      return world.push(each.key);
    case 'poll':
      return world.poll(each.reader, each.limit, each.arrives);
    case 'hold':
      return world.hold(each.reader);
    case 'drain':
      return world.drain(each.limit, each.isLate);
    case 'acknowledgeLate':
      return world.acknowledgeLate();
    case 'replace':
      return world.replace();
    case 'mark':
      return world.mark();
    case 'goBack':
      return world.goBack(each.which);
    case 'missed':
      return world.missed();
  }
}
