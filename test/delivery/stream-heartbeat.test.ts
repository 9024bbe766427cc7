import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { startService } from '../support/service.js';
import { openStream } from './open-stream.js';

test('a quiet stream is told to send a heartbeat once a minute where pollTime is longer, because its client waits 70 s', async (t) => {
  const service = await startService(t, { pollTime: 120_000, gcTime: 3_600_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  for (let minutes = 1; minutes <= 3; minutes += 1) {
    await service.clock.advance(60_000);
    t.is(stream.beats, minutes);
  }
  await service.manager.push(session.id, 'still here');
  t.deepEqual(stream.data, ['still here']);
});

test('a quiet stream must send a heartbeat once per pollTime, and a message postpones it', async (t) => {
  const service = await startService(t, { pollTime: 10_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  await service.clock.advance(9_999);
  t.is(stream.beats, 0);
  await service.clock.advance(1);
  t.is(stream.beats, 1);
  await service.clock.advance(9_000);
  await service.manager.push(session.id, 'a');
  await service.clock.advance(9_999);
  t.is(stream.beats, 1);
  await service.clock.advance(1);
  t.is(stream.beats, 2);
});

test('a quiet stream is told to send a heartbeat once in each hbTime where pollTime is shorter', async (t) => {
  const service = await startService(t, { pollTime: 0, hbTime: 3_000, hbGrace: 10_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  await service.clock.advance(2_999);
  t.is(stream.beats, 0);
  await service.clock.advance(1);
  t.is(stream.beats, 1);
  await service.clock.advance(3_000);
  t.is(stream.beats, 2);
});

test('all quiet streams share one timer', async (t) => {
  const service = await startService(t, { maxReader: 100 });
  const session = await service.manager.createSession('alice');
  const before = service.clock.pending;
  for (let count = 0; count < 50; count += 1) await openStream(service, session);
  t.is(service.clock.pending, before + 1);
});

test('an open stream keeps its session online and unexpired', async (t) => {
  const service = await startService(t, { gcTime: 60_000, pollTime: 25_000, hbGrace: 10_000 });
  const session = await service.manager.createSession('alice');
  const stream = await openStream(service, session);
  for (let step = 0; step < 40; step += 1) await service.clock.advance(5_000);
  t.is((await service.manager.getSession(session.id)).presence, 'online');
  stream.hangUp();
  await settle();
  await service.clock.advance(60_000);
  await t.throwsAsync(service.manager.getSession(session.id));
});
