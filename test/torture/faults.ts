import type { History } from './checker/history.js';
import type { MailboxHistory } from './checker/mailbox-history.js';
import type { StoreChanges } from './checker/store-changes.js';
import type { Fleet } from './fleet.js';
import type { Link } from './link.js';
import { between, pick, type Random } from './random.js';
import { pause } from './steady.js';

/** The objects on which faults may act. */
export interface World {
  readonly fleet: Fleet;
  readonly changes: StoreChanges;
  readonly mailboxes: readonly MailboxHistory[];
  readonly random: Random;
  /** Start and end of each fault. */
  readonly log: History;
}

export interface Fault {
  readonly name: string;
  /** @returns `false` if the fault could not be committed now; any other value counts as committed */
  commit(world: World): Promise<unknown>;
}

const hour = 3_600_000;

/** Steps of a wall clock, in milliseconds. */
const clockSteps = [-hour, -5_000, 5_000, hour];

/** Returns the faults of nodes with any store. @param sharesClock whether all nodes share one wall clock */
export function nodeFaults(sharesClock: boolean): readonly Fault[] {
  return [
    { name: 'kill -9', commit: ({ fleet, random }) => pick(fleet.nodes, random).restart('SIGKILL') },
    { name: 'clean restart', commit: ({ fleet, random }) => pick(fleet.nodes, random).restart('SIGTERM') },
    { name: 'pause', commit: ({ fleet, random }) => pick(fleet.nodes, random).pause(between(100, 3_000, random)) },
    { name: 'uncaught exception', commit: ({ fleet, random }) => pick(fleet.nodes, random).endItself('throw') },
    { name: 'exit', commit: ({ fleet, random }) => pick(fleet.nodes, random).endItself('exit') },
    {
      name: 'clock step',
      commit: async ({ fleet, random }) => {
        const one = pick(fleet.nodes, random);
        const step = pick(clockSteps, random);
        for (const node of sharesClock ? fleet.nodes : [one]) node.setClock(node.ahead + step);
      },
    },
  ];
}

/** Returns the faults of connections. @param to the name of what is behind the links, for the report */
export function linkFaults(to: string, linksOf: (world: World) => readonly Link[]): readonly Fault[] {
  return [
    {
      name: `${to}: delay`,
      commit: async (world) => {
        const { random } = world;
        pick(linksOf(world), random).delay(between(50, 1_000, random), between(200, 2_000, random));
      },
    },
    { name: `${to}: cut`, commit: async (world) => pick(linksOf(world), world.random).cut() },
    {
      name: `${to}: half-close`,
      commit: async (world) => {
        const { random } = world;
        pick(linksOf(world), random).halfClose(random() < 0.5 ? 'client' : 'server');
      },
    },
  ];
}

/** Commits random faults one after the other, with equal weight for each group. @returns the number of each kind */
export async function commitFaults(
  groups: readonly (readonly Fault[])[],
  world: World,
  duration: number,
): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  const end = performance.now() + duration;
  while (performance.now() < end) {
    await pause(between(200, 1_200, world.random));
    const { name, commit } = pick(pick(groups, world.random), world.random);
    world.log.note(name);
    if ((await commit(world)) !== false) counts[name] = (counts[name] ?? 0) + 1;
    world.log.note(`done: ${name}`);
  }
  return counts;
}
