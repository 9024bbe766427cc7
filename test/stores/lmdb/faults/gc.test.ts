import test from 'ava';
import { gcFaults } from '../../nodes/faults/gc.js';
import { freshPlace } from '../fresh-place.js';

gcFaults(test, freshPlace);
