import test from 'ava';
import { limitFaults } from '../../nodes/faults/limit.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';

const server = serverFor(test);

limitFaults(test, async () => ({ url: server().url, keyPrefix: freshPrefix() }));
