// A service with the memory store.
import assert from 'node:assert/strict';
import { Container } from 'inversify';
import { SessionManager, sessionModule } from 'session-mailbox';

const container = new Container();
container.load(sessionModule({ maxSession: 5 }));
const manager = await container.getAsync(SessionManager);
const session = await manager.createSession('alice');
await manager.push(session.id, { text: 'hi' });
const { messages } = await manager.poll(session.id, { after: '' });
assert.deepEqual(
  messages.map(({ data }) => data),
  [{ text: 'hi' }],
);
await container.unbindAllAsync();
console.log('memory: ok');
