import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.js';

/*
 * npm run fuzz:lane -- --requests 1000000 --seed 7
 *
 * Sends the same bytes to a server with a fast lane and to a server without. Everything that clients receive must be the same.
 * A difference ends the run. To repeat it, pass its seed and its batch (`--batch`).
 */

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    // Random by default. The program prints it.
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
    connections: { type: 'string', default: '200' },
    batch: { type: 'string' },
  },
});

const start = performance.now();
let told = 0;
console.log(`Node ${process.versions.node}, seed ${values.seed}`);
const report = await fuzz({
  seed: Number(values.seed),
  connections: Number(values.connections),
  requests: values.batch === undefined ? Number(values.requests) : 1,
  ...(values.batch !== undefined && { firstBatch: Number(values.batch) }),
  onProgress({ requests, inLane }) {
    if (performance.now() - told < 10_000) return;
    told = performance.now();
    console.log(`${requests} requests, ${inLane} of them polls in the lane`);
  },
});
const seconds = (performance.now() - start) / 1000;
const rate = Math.round(report.requests / seconds);
const lane = `${report.inLane} of them polls in the lane`;
console.log(`${report.requests} requests, ${lane}, no difference; ${Math.round(seconds)} s, ${rate} requests a second`);
