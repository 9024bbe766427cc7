// @own-worker: it keeps the processor busy, and tests beside it would wait.
import test from 'ava';
import { isStorm } from '../support/limits.js';
import { ProtocolSearch } from './protocol-search.js';

const more = isStorm ? 2 : 0;
/** A client has a message that the store is going to forget, and its poll is held behind it. */
const heldBehindForgotten = ['keep', 'push', 'one polls at A', 'one polls at A'] as const;
/** Two messages are older than the state that the store may come back with, and one of them may be replaced. */
const replaceable = ['push', 'push with the key', 'push', 'keep'] as const;

for (const [title, bounds] of [
  [
    'in no order of steps around a store that goes back is a message left out',
    { pushes: 2, areKeyed: isStorm, rollbacks: 1, room: 10, prefix: [], depth: 7 + more },
  ],
  [
    'a poll that is held behind a forgotten message leaves none out, whatever comes next',
    { pushes: 3, areKeyed: false, rollbacks: 1, room: 10, prefix: heldBehindForgotten, depth: 6 + more },
  ],
  [
    'a message whose replacement the store forgets is left out in no order of steps',
    { pushes: 5, areKeyed: true, rollbacks: 1, room: 10, prefix: replaceable, depth: 5 + more },
  ],
  [
    'in no order of steps around a store with little room that goes back is a message left out untold',
    { pushes: 3, areKeyed: false, rollbacks: 1, room: 1, prefix: [], depth: 7 + more },
  ],
] as const) {
  test(title, (t) => {
    const states = new ProtocolSearch(bounds).run();
    t.log(`${states} states`);
    t.true(states > 500);
  });
}
