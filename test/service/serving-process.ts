import { Container } from 'inversify';
import { memoryStore, SessionManager, sessionModule, stopOnSignals } from '../../src/index.js';

const [, , path = ''] = process.argv;
const container = new Container();
container.load(sessionModule({}, memoryStore({ snapshot: { path } })));
const manager = await container.getAsync(SessionManager);
setInterval(() => {}, 1_000);
stopOnSignals(() => container.unbindAllAsync());
const { sessions } = await manager.sessionsOfApp();
const session = sessions[0] ?? (await manager.createSession('alice'));
if (sessions.length === 0) await manager.push(session.id, 'hi');
console.log(`session ${session.id} ${session.undelivered}`);
const { cursor } = await manager.poll(session.id, { after: '', reader: 'tab', wait: 0 });
void manager.poll(session.id, { after: cursor, reader: 'tab' }).then((batch) => {
  console.log(`answered ${batch.messages.length} retry ${typeof batch.retry}`);
});
console.log('ready');
