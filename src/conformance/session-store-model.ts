import fc from 'fast-check';
import { SessionContext, type SessionContextOptions } from '../index.js';
import { Model } from './model.js';
import { mailboxCommands } from './model-mailbox-commands.js';
import { command, RealRun, type StoreCommand } from './model-run.js';
import { insertCommand, insertOnceCommand, replaceCommand, sessionCommands } from './model-session-commands.js';
import { checkFactory, type StoreFactory } from './store-setup.js';
import { Trial } from './trial.js';

/** Options of `checkStoreAgainstModel`. */
export interface ModelRunOptions {
  readonly create: StoreFactory;
  /** The unit of time, as in the conformance suite: 1 for a store with a `ManualClock`. */
  readonly timeUnit: number;
  /** Number of random sequences to run. Default 100. */
  readonly runs?: number;
  /** Maximum number of commands in a sequence. Default 100. */
  readonly length?: number;
  /** Seed of a failed run, to repeat it together with `path`. */
  readonly seed?: number;
  readonly path?: string;
}

/**
 * Runs random sequences of operations against the store and against a simple model, and compares all results. For a store
 * that really waits, deadlines lie half a unit away from the steps of time, and times are not compared.
 */
export async function checkStoreAgainstModel(options: ModelRunOptions): Promise<void> {
  const { create, timeUnit: unit, runs = 100, length = 100, seed, path } = options;
  const half = unit === 1 ? 0 : Math.floor(unit / 2);
  const sequences = fc.commands(
    [
      ...sessionCommands(unit, half),
      ...repeated(3, [insertCommand(), insertOnceCommand(), replaceCommand()]),
      // Most faults of mailboxes show only after many of these commands.
      ...repeated(6, mailboxCommands(unit, half)),
      ...repeated(6, [timePasses(unit)]),
    ],
    { maxCommands: length, size: 'max' },
  );
  await checkFactory(create, {});
  const property = fc.asyncProperty(contexts(unit, half), sequences, async (context, commands) => {
    const trial = new Trial(await create(context), unit, context);
    await trial.store.open(trial);
    try {
      const setup = async () => ({
        model: new Model(new SessionContext(context)),
        real: new RealRun(trial, half === 0),
      });
      await fc.asyncModelRun(setup, commands);
    } finally {
      await trial.close();
    }
  });
  const replay = { ...(seed !== undefined && { seed }), ...(path !== undefined && { path }) };
  // Some test runners, such as AVA, do not print the cause of an error.
  await fc.assert(property, { numRuns: runs, includeErrorInReport: true, ...replay });
}

function repeated(times: number, commands: fc.Arbitrary<StoreCommand>[]): fc.Arbitrary<StoreCommand>[] {
  return Array.from({ length: times }, () => commands).flat();
}

function timePasses(unit: number): fc.Arbitrary<StoreCommand> {
  return command('timePasses', { units: fc.constantFrom(1, 1, 1, 2, 4) }, async ({ units }, model, real) => {
    await real.trial.pass(units);
    model.now += units * unit;
  });
}

/** Small bounds and short times, so that a run reaches all of them. */
function contexts(unit: number, half: number): fc.Arbitrary<SessionContextOptions> {
  const duration = (units: number) => (units === 0 ? 0 : units * unit + half);
  return fc.record({
    gcTime: fc.constantFrom(duration(6), duration(30), duration(100)),
    maxAge: fc.constantFrom(0, 0, duration(40)),
    hbGrace: fc.constant(duration(2)),
    pollTime: fc.constant(unit),
    tombstoneTime: fc.constantFrom(0, duration(4)),
    maxSession: fc.constantFrom(0, 1, 2, 3),
    onMaxSession: fc.constantFrom('reject', 'evict-oldest', 'evict-idle'),
    msgMaxLength: fc.constantFrom(1, 3, 10),
    msgMaxBytes: fc.constant(16),
    mailboxMaxBytes: fc.constantFrom(20, 100),
    messageTtl: fc.constantFrom(0, 0, duration(7)),
    onOverflow: fc.constantFrom('drop-oldest', 'drop-newest', 'reject', 'close'),
    maxReader: fc.constantFrom(1, 2, 3),
    pollRenews: fc.boolean(),
  });
}
