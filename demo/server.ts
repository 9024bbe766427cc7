import 'reflect-metadata';
import { stopOnSignals } from '../src/index.js';
import { readConfiguration } from './configuration.js';
import { askParent } from './operations/parent-redis.js';
import { RestartingServer } from './operations/restarting-server.js';
import { storesOf } from './stores.js';

const configuration = await readConfiguration();
// The parent process accepts requests to stop and start the Redis only if it has started the Redis itself.
const redis = process.env.DEMO_OWN_REDIS === undefined ? undefined : askParent;
const server = new RestartingServer(configuration, storesOf(configuration), redis);
// Handle signals before the first await. A restored snapshot exists only in memory, and a signal must not lose it.
stopOnSignals(() => server.stop());
console.log(`session-mailbox demo: ${await server.listen()}`);
