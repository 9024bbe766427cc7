import test from 'ava';
import { fastLane } from '../../src/fast-lane/index.js';
import { SessionError } from '../../src/index.js';
import { HostPolicy } from '../../src/requests/index.js';
import { LaneStage, pollText } from './lane-stage.js';

test('polls for a host that the policy refuses go to node:http', async (t) => {
  const stage = await LaneStage.start(t, { lane: { hostPolicy: new HostPolicy() } });
  const { token } = await stage.logIn();
  const connection = await stage.open();
  for (const host of ['localhost', 'evil.example']) {
    connection.sendRaw(pollText(token).replace('Host: localhost', `Host: ${host}`));
    t.is((await connection.response()).status, 200);
  }
  t.like(stage.lane.counts, { pollsInLane: 1, pollsOutside: 1 });
});

test('a server that already has a lane is refused, and so are wrong options', async (t) => {
  const stage = await LaneStage.start(t);
  const { manager } = stage.service;
  const again = t.throws(() => fastLane(stage.server, manager), { instanceOf: SessionError });
  t.like(again, { code: 'INVALID_CONTEXT', details: { front: 'fastLane', field: 'server' } });
  const unknown = t.throws(() => fastLane(stage.server, manager, JSON.parse('{"return":true}')));
  t.regex(unknown?.message ?? '', /did you mean returns\?/);
  t.throws(() => fastLane(stage.server, manager, { path: 'poll' }), { message: /path must be a path/ });
  t.throws(() => fastLane(stage.server, manager, { trustedOrigins: ['x'] }), { message: /trustedOrigins/ });
});
