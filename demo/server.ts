import 'reflect-metadata';
import { stopOnSignals } from '../src/index.js';
import { readConfiguration } from './configuration.js';
import { askParent } from './operations/parent-redis.js';
import { RestartingServer } from './operations/restarting-server.js';
import { storesOf } from './stores.js';

const configuration = await readConfiguration();
// A process that started a Redis for its nodes listens to them.
const redis = process.env.DEMO_OWN_REDIS === undefined ? undefined : askParent;
const server = new RestartingServer(configuration, storesOf(configuration), redis);
// Before the first await: a restored snapshot exists only in memory, and a signal during the start must not lose it.
stopOnSignals(() => server.stop());
console.log(`session-mailbox demo: ${await server.listen()}`);
