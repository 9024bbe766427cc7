// @own-worker: it keeps the processor busy, and tests beside it would wait.
import test from 'ava';
import { isStorm } from '../support/limits.js';
import { ProtocolSearch } from './protocol-search.js';

const more = isStorm ? 2 : 0;
/** Steps after which a client has a message that the store will forget, and its poll is held after that message. */
const heldBehindForgotten = ['keep', 'push', 'one polls at A', 'one polls at A'] as const;
/** Steps after which the older state of the store has two messages before the last one. One of them may be replaced. */
const replaceable = ['push', 'push with the key', 'push', 'keep'] as const;

for (const [title, bounds] of [
  [
    'no order of steps around a store that goes back leaves a message out',
    { pushes: 2, areKeyed: isStorm, rollbacks: 1, room: 10, prefix: [], depth: 7 + more },
  ],
  [
    'a poll held after a forgotten message leaves out no message, no matter what follows',
    { pushes: 3, areKeyed: false, rollbacks: 1, room: 10, prefix: heldBehindForgotten, depth: 6 + more },
  ],
  [
    'when the store forgets the replacement of a message, no order of steps leaves a message out',
    { pushes: 5, areKeyed: true, rollbacks: 1, room: 10, prefix: replaceable, depth: 5 + more },
  ],
  [
    'no order of steps around a store with little room that goes back leaves a message out without a report',
    { pushes: 3, areKeyed: false, rollbacks: 1, room: 1, prefix: [], depth: 7 + more },
  ],
] as const) {
  test(title, (t) => {
    const states = new ProtocolSearch(bounds).run();
    t.log(`${states} states`);
    t.true(states > 500);
  });
}
