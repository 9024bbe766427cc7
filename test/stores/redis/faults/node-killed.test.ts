import test from 'ava';
import { nodeKilledFaults } from '../../nodes/faults/node-killed.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';

const server = serverFor(test);

nodeKilledFaults(test, async () => ({ url: server().url, keyPrefix: freshPrefix() }));
