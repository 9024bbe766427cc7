import type { ServedOptions } from '../../stores/nodes/hosted-store.js';
import type { Fault, World } from '../faults.js';
import type { Link } from '../link.js';

/** A store, and the environment in which it runs. */
export interface Stage {
  /** The store options of each node. */
  readonly stores: readonly ServedOptions[];
  /** The links between the nodes and the store. */
  readonly links: readonly Link[];
  /** Whether all nodes share one wall clock, which requires that they are on one machine. */
  readonly sharesClock: boolean;
  readonly faults: readonly Fault[];
  /** Called when the nodes run. */
  begin(world: World): void;
  /** Called after the last fault. Resolves when the store is complete again. */
  settle(world: World): Promise<void>;
  stop(): Promise<void>;
}
