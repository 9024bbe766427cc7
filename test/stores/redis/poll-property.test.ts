import test from 'ava';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { SessionContext, SessionStore, type StoreBinding } from '../../../src/index.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import { rounds } from '../../support/limits.js';
import { checkPolls } from '../../support/poll-property.js';
import { Tracked } from '../nodes/tracked-store.js';
import { ExactClock, exactOptions, exactTimeSource, freshPrefix } from './exact-clock.js';
import { onCluster, onServer } from './places.js';

const server = onServer(test);
const cluster = onCluster(test);

/** The clock of the service. It waits for running operations before it advances, and moves the server's clock, too. */
class LeadingClock extends ManualClock {
  readonly #follower: ExactClock;
  readonly #operations: Tracked;

  constructor(follower: ExactClock, operations: Tracked) {
    super(follower.now());
    this.#follower = follower;
    this.#operations = operations;
  }

  override settle(): Promise<void> {
    return this.#operations.quiet();
  }

  protected override moved(): Promise<void> {
    return this.#follower.moveTo(this.now());
  }
}

function bindWatched(options: RedisStoreOptions, operations: Tracked): StoreBinding {
  const make = (context: SessionContext) => operations.watch(new RedisStore(context, options, exactTimeSource));
  return (binding) => binding.bind(SessionStore).toResolvedValue(make, [SessionContext]).inSingletonScope();
}

for (const [name, place, nodes, runs] of [
  ['a single server', server, 1, rounds({ sample: 6, full: 60 })],
  ['a Cluster', cluster, 1, rounds({ sample: 2, full: 30 })],
  ['a single server over several nodes', server, 3, rounds({ sample: 5, full: 50 })],
  ['a Cluster over several nodes', cluster, 3, rounds({ sample: 2, full: 20 })],
] as const) {
  test.serial(
    `on ${name} every batch fits the reference mailbox, and lost counts the messages that bounds dropped`,
    async (t) => {
      await checkPolls({
        stage: async () => {
          const { client, options } = place();
          const keyPrefix = freshPrefix();
          const operations = new Tracked();
          const clock = new LeadingClock(await ExactClock.start(client, keyPrefix), operations);
          const store = bindWatched(exactOptions({ ...options, keyPrefix }), operations);
          return { clock, store, nodes, forgivesDowntime: false, close: async () => {} };
        },
        runs,
      });
      t.pass();
    },
  );
}
