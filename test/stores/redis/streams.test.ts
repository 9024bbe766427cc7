import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { RedisStore, redisStore } from '../../../src/stores/redis/index.js';
import { checkStreamsOverNodes, checkTakeOver } from '../../support/streams-over-nodes.js';
import { freshPrefix } from './exact-clock.js';
import { onServer } from './places.js';

const server = onServer(test);

test('a stream at one node continues while other nodes push, acknowledge and take over', async (t) => {
  const keyPrefix = freshPrefix();
  await checkStreamsOverNodes(t, () => redisStore({ ...server().options, keyPrefix }));
});

test('a stream that reads while another node takes its reader over does not take it back', async (t) => {
  const options = { ...server().options, keyPrefix: freshPrefix() };
  const store = () => new RedisStore(new SessionContext(), options);
  await checkTakeOver(t, store(), store());
});
