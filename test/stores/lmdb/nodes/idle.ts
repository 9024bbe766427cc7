import { Container } from 'inversify';
import { SessionManager, sessionModule } from '../../../../src/index.js';
import { lmdbStore } from '../../../../src/stores/lmdb/index.js';

/** Starts a service, waits for one answer, and has nothing more to do. */

const [, , path = ''] = process.argv;
const container = new Container();
container.load(sessionModule({}, lmdbStore({ path })));
const manager = await container.getAsync(SessionManager);
await manager.createSession('alice');
process.stdout.write('created');
