import { parentPort, workerData } from 'node:worker_threads';
import type { EngineReport, EngineSettings } from '../wire.js';

if (parentPort === null) throw new Error('This file is the thread of an LMDB store, and is started by it');
const port = parentPort;
const report = (told: EngineReport) => port.postMessage(told);

try {
  // Loaded here, so that a missing package is told like everything else that is wrong.
  const { Engine } = await import('./engine.js');
  // Given by our own link, which makes it of that type.
  await new Engine(workerData as EngineSettings, port, report).start();
} catch (error) {
  report({ kind: 'failed', why: error instanceof Error ? error.message : String(error) });
}
