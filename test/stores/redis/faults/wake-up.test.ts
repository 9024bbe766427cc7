import test from 'ava';
import { SessionError } from '../../../../src/index.js';
import { eventually } from '../../../support/eventually.js';
import { newAccount } from '../../nodes/faults/wake-up.js';
import { serverFor } from '../places.js';
import { wakeUpAt } from './wake-up-at.js';

const server = serverFor(test);
const nodes = wakeUpAt(test, () => ({ url: server().url }));

test.serial('a push while the subscriber is disconnected is delivered after it reconnects', async (t) => {
  const [one, other] = nodes();
  const { id } = await one.do('create', newAccount());
  for (let round = 1; round <= 5; round += 1) {
    const held = await other.hold(id);
    const [, report] = await Promise.all([disconnectSubscribers(), one.do('push', id, round)]);
    t.is(report.accepted, 1);
    const { messages, lost } = await held.batch;
    t.deepEqual([messages.map(({ data }) => data), lost], [[round], 0]);
  }
});

test.serial('a close while the subscriber is disconnected ends the poll after it reconnects', async (t) => {
  const [one, other] = nodes();
  const { id } = await one.do('create', newAccount());
  const held = await other.hold(id);
  await Promise.all([disconnectSubscribers(), one.do('close', id)]);
  // Either the notice ends the poll, or the next read is refused, whichever is first.
  const reason = await held.batch.then(
    ({ closed }) => closed?.code,
    (error) => SessionError.is(error, 'SESSION_CLOSED') && error.details.reason,
  );
  t.is(reason, 'revoked');
});

/** Disconnects the subscribers of both nodes, once both are subscribed. */
async function disconnectSubscribers(): Promise<void> {
  const { client } = server();
  const count = async () => String(await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).match(/^id=/gm)?.length ?? 0;
  await eventually(async () => (await count()) === 2, { what: 'both nodes are subscribed' });
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
}
