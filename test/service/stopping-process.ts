import { stopOnSignals } from '../../src/index.js';

/** Just over the second within which a repeated signal counts as the same. */
const repeatOverMs = 1_050;

/** Sends the signal to this process. Resolves when its handlers, which are called in their order, have been called. */
function signalMyself(signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    process.once(signal, () => resolve());
    process.kill(process.pid, signal);
  });
}

const stops: Record<string, () => Promise<void>> = {
  succeeds: async () => {},
  takesTurns: () => new Promise((resolve) => setImmediate(() => setImmediate(resolve))),
  fails: () => Promise.reject(new Error('disk full')),
  hangs: () =>
    new Promise(() => {
      setTimeout(() => console.log('a second later'), repeatOverMs);
    }),
  // Long enough for the second SIGINT of `node --watch` to arrive meanwhile.
  takesAWhile: () => new Promise((resolve) => setTimeout(resolve, 300)),
  isSignalledAgain: async () => {
    for (const signal of process.argv.slice(3)) {
      if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP') await signalMyself(signal);
    }
  },
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
