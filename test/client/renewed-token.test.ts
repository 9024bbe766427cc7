import test from 'ava';
import { eventually } from '../support/eventually.js';
import { ClientStage, Network, next, takeAll } from './client-stage.js';

test('after a rotation the client calls its token source again until it returns the new token', async (t) => {
  const stage = await ClientStage.start(t);
  let rotated: string | undefined;
  let asked = 0;
  const given = async () => {
    if (rotated !== undefined) asked += 1;
    return asked < 3 ? stage.session.token : rotated;
  };
  const mailbox = stage.connect({ token: given });
  const { taken } = takeAll(mailbox);
  await eventually(() => stage.kit.room.held === 1);
  ({ token: rotated } = await stage.kit.manager.rotateToken(stage.session.id));
  await stage.push('after the rotation');
  await eventually(() => taken.length === 1);
  t.true(asked >= 3);
  t.is(mailbox.closed, undefined);
});

test('an unknown token ends a client whose token can’t change, and a client whose token source returns no other token', async (t) => {
  const stage = await ClientStage.start(t);
  const token = 'x'.repeat(64);
  for (const [given, tries] of [
    [token, 1],
    [() => token, 2],
    [() => undefined, 2],
  ] as const) {
    const network = new Network();
    const closed = await next(stage.connect({ token: given, fetch: network.fetch }), 'closed');
    t.is(closed.code, 'SESSION_UNKNOWN');
    t.is(network.paths.length, tries);
  }
});

test('a rotation of the token ends a client whose token can’t change', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const closed = next(mailbox, 'closed');
  await eventually(() => stage.kit.room.held === 1);
  await stage.kit.manager.rotateToken(stage.session.id);
  t.is((await closed).code, 'rotated');
});

test('a token source that fails is called again', async (t) => {
  const stage = await ClientStage.start(t);
  let failures = 2;
  const token = () => {
    if (failures === 0) return stage.session.token;
    failures -= 1;
    throw new Error('not shown');
  };
  await next(stage.connect({ token }), 'open');
  t.is(failures, 0);
});
