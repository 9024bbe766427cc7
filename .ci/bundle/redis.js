// A service with the Redis store, and the redis-sessions class on the same Redis. REDIS_URL is its URL.
import assert from 'node:assert/strict';
import { Container } from 'inversify';
import { SessionManager, sessionModule } from 'session-mailbox';
import { redisStore } from 'session-mailbox/redis';
import RedisSessions from 'session-mailbox/redis-sessions';

const url = process.env.REDIS_URL;
const container = new Container();
container.load(sessionModule({ maxSession: 5 }, redisStore({ url })));
const manager = await container.getAsync(SessionManager);
const session = await manager.createSession('alice');
const polling = manager.poll(session.id, { after: '', wait: 10_000 });
await manager.push(session.id, { text: 'hi' });
const { messages } = await polling;
assert.deepEqual(
  messages.map(({ data }) => data),
  [{ text: 'hi' }],
);
await container.unbindAllAsync();

const sessions = new RedisSessions({ options: { url } });
const { token } = await sessions.create({ app: 'shop', id: 'alice', ip: '192.0.2.7' });
assert.equal((await sessions.get({ app: 'shop', token })).id, 'alice');
await sessions.quit();
console.log('redis: ok');
