import test from 'ava';
import { type DeclareForPair, wakeUpFaults } from '../../nodes/faults/wake-up.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPlace } from '../fresh-place.js';

/** Processes that have nothing in common but the directory: each looks by itself. */
const unrelated: DeclareForPair = (title, context = {}, body) => {
  test(`between unrelated processes: ${title}`, async (t) => {
    const settings = { context, options: await freshPlace(t) };
    await body(t, await Promise.all([ServiceProcess.start(t, settings), ServiceProcess.start(t, settings)]));
  });
};

wakeUpFaults(unrelated);
