import test from 'ava';
import { gcFaults } from '../../nodes/faults/gc.js';
import { freshPlace } from '../create-sqlite-store.js';

gcFaults(test, freshPlace);
