import { Container } from 'inversify';
import { SessionManager, sessionModule } from '../../../../src/index.js';
import { sqliteStore } from '../../../../src/stores/sqlite/index.js';

/** Starts a service, waits for one answer, and then has nothing more to do. */

const [, , path = ''] = process.argv;
const container = new Container();
container.load(sessionModule({}, sqliteStore({ path })));
const manager = await container.getAsync(SessionManager);
await manager.createSession('alice');
process.stdout.write('created');
