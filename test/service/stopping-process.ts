import { stopOnSignals } from '../../src/index.js';

const stops: Record<string, () => Promise<void>> = {
  succeeds: async () => {},
  takesTurns: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
  fails: () => Promise.reject(new Error('disk full')),
  hangs: () => new Promise(() => {}),
};

const [, , how = ''] = process.argv;
const stop = stops[how] ?? (() => Promise.reject(new Error(`no stop is named ${how}`)));
// Keeps the process alive as a listening server would.
setInterval(() => {}, 1_000);
const takeAway = stopOnSignals(async () => {
  console.log('stopping');
  await stop();
  console.log('stopped');
});
if (process.argv.includes('takeAway')) takeAway();
console.log('ready');
