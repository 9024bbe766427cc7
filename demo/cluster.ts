import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { stopOnSignals } from '../src/index.js';
import { readConfiguration } from './configuration.js';
import { stopWithNpm } from './npm-shell.js';
import { Workers } from './workers.js';

const entry = fileURLToPath(new URL('./worker.js', import.meta.url));

const { workers: count } = await readConfiguration();
const workers = new Workers(entry, count || availableParallelism());
const starting = workers.start();
stopOnSignals(async () => {
  // Workers that are still starting must be stopped as well.
  await starting.catch(() => {});
  await workers.stop();
});
// Reload on SIGUSR2, because SIGHUP means that the terminal was closed, and stops the cluster.
process.on('SIGUSR2', () => void starting.then(() => workers.reload()));
stopWithNpm();
try {
  console.log(`session-mailbox demo: ${await starting} (primary: process ${process.pid})`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  await workers.stop().catch(() => {});
  process.exit(1);
}
