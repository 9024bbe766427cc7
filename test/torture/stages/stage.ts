import type { ServedOptions } from '../../stores/nodes/hosted-store.js';
import type { Fault, World } from '../faults.js';
import type { Link } from '../link.js';

/** A store with what it runs on. */
export interface Stage {
  /** What each node is to use. */
  readonly stores: readonly ServedOptions[];
  /** The links between the nodes and the store. */
  readonly links: readonly Link[];
  /** Whether the wall clock of one node is that of all: they must be on one machine. */
  readonly sharesClock: boolean;
  readonly faults: readonly Fault[];
  /** Called once the nodes run. */
  begin(world: World): void;
  /** Called when no more faults will come. Resolves once the store is whole again. */
  settle(world: World): Promise<void>;
  stop(): Promise<void>;
}
