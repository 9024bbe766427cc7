import { clusterStage } from './cluster-stage.js';
import { memoryStage, sqliteStage } from './file-stages.js';
import { redisStage } from './redis-stage.js';
import { sentinelStage } from './sentinel-stage.js';
import type { Stage } from './stage.js';

type Open = (folder: string, nodes: number) => Promise<Stage>;

/** The stages by the name that `--store` accepts. */
const stages: Readonly<Record<string, Open>> = {
  memory: memoryStage,
  sqlite: sqliteStage,
  redis: redisStage,
  'redis-cluster': (_folder, nodes) => clusterStage(nodes),
  'redis-sentinel': (_folder, nodes) => sentinelStage(nodes),
};

/** The names that `--store` accepts. */
export const storeNames = Object.keys(stages);

/** @throws RangeError if the store is unknown */
export function openStage(store: string, folder: string, nodes: number): Promise<Stage> {
  const open = stages[store];
  if (open === undefined) throw new RangeError(`--store must be one of ${storeNames}; got ${store}`);
  return open(folder, nodes);
}
