import test from 'ava';
import { sharedClusterFor } from '../places.js';
import { wakeUpAt } from './wake-up-at.js';

const cluster = sharedClusterFor(test);

wakeUpAt(test, () => ({ cluster: { nodes: cluster().nodes } }));
