import test from 'ava';
import { limitFaults } from '../../nodes/faults/limit.js';
import { freshPlace } from '../create-sqlite-store.js';

limitFaults(test, freshPlace);
