import { Container } from 'inversify';
import { SessionManager, sessionModule } from '../../src/index.js';

const container = new Container();
container.load(sessionModule({ gcInterval: 50, hbTime: 50 }));
const manager = await container.getAsync(SessionManager);
const { id } = await manager.createSession('alice');
void manager.poll(id, { after: '' });
console.log('resolved');
