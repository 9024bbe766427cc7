import { Container } from 'inversify';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import { SessionManager, sessionModule } from '../../src/index.js';
import { sessionData } from './session-data.js';

// Prints for each method the number of calls of a throwing callback, and the number of its uncaught exceptions.
const container = new Container();
container.load(sessionModule({}));
const store = new SessionMailboxStore(await container.getAsync(SessionManager));

let uncaught = 0;
process.on('uncaughtException', () => {
  uncaught += 1;
});

const calls: Readonly<Record<string, (callback: () => void) => void>> = {
  get: (callback) => store.get('sid', callback),
  set: (callback) => store.set('sid', sessionData({ a: 1 }), callback),
  touch: (callback) => store.touch('sid', sessionData(), callback),
  destroy: (callback) => store.destroy('sid', callback),
  all: (callback) => store.all(callback),
  ids: (callback) => store.ids(callback),
  length: (callback) => store.length(callback),
  clear: (callback) => store.clear(callback),
};
for (const [name, call] of Object.entries(calls)) {
  let called = 0;
  uncaught = 0;
  call(() => {
    called += 1;
    throw new Error('thrown by the callback');
  });
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  process.stdout.write(`${name}: called ${called}, uncaught ${uncaught}\n`);
}
store.close();
await container.unbindAllAsync();
