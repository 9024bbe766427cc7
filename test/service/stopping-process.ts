import { stopOnSignals } from '../../src/index.js';

/** Slightly more than the second within which a repeated signal counts as the same. */
const repeatOverMs = 1_050;

/** Sends the signal to this process. Resolves when all of its handlers have been called, in their order. */
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
  throws: () => {
    throw new Error('disk full');
  },
  // What a function without types may return instead of a promise.
  returnsNothing: () => Object({}).nothing,
  hangs: () =>
    new Promise(() => {
      setTimeout(() => console.log('a second later'), repeatOverMs);
    }),
  // Long enough for the second SIGINT of `node --watch` to arrive before the stop ends.
  takesAWhile: () => new Promise((resolve) => setTimeout(resolve, 300)),
  isSignalledAgain: async () => {
    for (const signal of process.argv.slice(3)) {
      if (signal === 'SIGTERM' || signal === 'SIGINT' || signal === 'SIGHUP') await signalMyself(signal);
    }
  },
};

const [, , how = ''] = process.argv;
const stop = stops[how] ?? (() => Promise.reject(new Error(`no stop is named ${how}`)));
// Keeps the process alive like a listening server.
setInterval(() => {}, 1_000);
const waiting = async () => {
  console.log('stopping');
  await stop();
  console.log('stopped');
};
const takeAway = stopOnSignals(process.argv.includes('asItIs') ? stop : waiting);
if (process.argv.includes('takeAway')) takeAway();
console.log('ready');
