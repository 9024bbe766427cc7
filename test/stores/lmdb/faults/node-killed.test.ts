import test from 'ava';
import { nodeKilledFaults } from '../../nodes/faults/node-killed.js';
import { freshPlace } from '../fresh-place.js';

nodeKilledFaults(test, freshPlace);
