import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Acknowledgement } from './writer.js';

/** The primary of a cluster whose workers write to one database. It forwards their reports to its parent. */
const [, , path = '', durability = 'commit', workers = '2'] = process.argv;

cluster.setupPrimary({
  exec: fileURLToPath(new URL('./writer.js', import.meta.url)),
  args: [path, durability, '4', 'keeps'],
});
for (let each = 0; each < Number(workers); each += 1) {
  cluster.fork().on('message', (acknowledgement: Acknowledgement) => process.send?.(acknowledgement));
}
