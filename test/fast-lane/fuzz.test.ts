import test from 'ava';
import { limits, rounds } from '../support/limits.js';
import { fuzz, variants } from './fuzz/fuzz.js';

test('a server with a fast lane and a server without give the same answers to any bytes', async (t) => {
  t.timeout(limits.test);
  const seed = Math.floor(Math.random() * 1_000_000);
  t.log(`npm run fuzz:lane -- --seed ${seed}`);
  const connections = 25;
  const requests = rounds({ sample: 1_500, full: 50_000 });
  const report = await fuzz({ seed, connections, requests });
  t.true(report.requests >= requests);
  t.true(report.batches < variants.length || report.inLane > 0);
});
