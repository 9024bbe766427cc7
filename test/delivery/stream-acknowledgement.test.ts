import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { startService } from '../support/service.js';
import { hold } from './held-poll.js';
import { openStream } from './open-stream.js';

test('messages given to a stream stay in the mailbox until they are acknowledged', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const undelivered = async () => (await service.manager.getSession(session.id)).undelivered;
  const stream = await openStream(service, session, { reader: 'tab' });
  for (const value of ['a', 'b']) await service.manager.push(session.id, value);
  await settle();
  t.is(await undelivered(), 2);
  const [, first] = stream.batches;
  await service.manager.acknowledgeAsBearer(session.token, 'tab', first?.cursor ?? '');
  t.is(await undelivered(), 1);
  await service.manager.acknowledge(session.id, 'tab', stream.last.cursor);
  t.is(await undelivered(), 0);
  t.deepEqual(stream.data, ['a', 'b']);
});

test('a reader that returns without a cursor continues after what it has acknowledged', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session, { reader: 'tab' });
  for (const value of ['a', 'b', 'c']) await service.manager.push(session.id, value);
  await settle();
  await service.manager.acknowledge(session.id, 'tab', stream.batches[1]?.cursor ?? '');
  stream.hangUp();
  await settle();
  const again = await openStream(service, session, { reader: 'tab' });
  t.deepEqual(again.data, ['b', 'c']);
});

test('the cursor of a returning reader acknowledges, for a stream and for a poll', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session, { reader: 'tab' });
  for (const value of ['a', 'b', 'c']) await service.manager.push(session.id, value);
  await settle();
  const [, a, b] = stream.batches;
  stream.hangUp();
  await settle();
  const again = await openStream(service, session, { reader: 'tab', after: a?.cursor ?? '' });
  t.deepEqual(again.data, ['b', 'c']);
  t.is((await service.manager.getSession(session.id)).undelivered, 2);
  const poll = await hold(service, session, { reader: 'tab', after: b?.cursor ?? '' });
  t.deepEqual(poll.data, ['c']);
  t.is((await service.manager.getSession(session.id)).undelivered, 1);
  t.true(again.last.superseded);
});

test('with ack `sent` a message is removed when its receiver reports that it was written out', async (t) => {
  const service = await startService(t);
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session, { reader: 'tab', ack: 'sent' });
  await service.manager.push(session.id, 'a');
  await settle();
  t.is((await service.manager.getSession(session.id)).undelivered, 1);
  for (const acknowledge of stream.acknowledges.splice(0)) acknowledge();
  await settle();
  t.is((await service.manager.getSession(session.id)).undelivered, 0);
  stream.hangUp();
  await service.manager.push(session.id, 'b');
  t.deepEqual((await openStream(service, session, { reader: 'tab', ack: 'sent' })).data, ['b']);
});
