import test from 'ava';
import { nodeKilledFaults } from '../../nodes/faults/node-killed.js';
import { freshPlace } from '../create-sqlite-store.js';

nodeKilledFaults(test, freshPlace);
