import test from 'ava';
import { limitFaults } from '../../nodes/faults/limit.js';
import { freshPlace } from '../fresh-place.js';

limitFaults(test, freshPlace);
