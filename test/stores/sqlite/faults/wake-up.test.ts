import test from 'ava';
import { type DeclareForPair, wakeUpFaults } from '../../nodes/faults/wake-up.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPlace } from '../create-sqlite-store.js';

/** Processes that have nothing in common but the path of the database. */
const unrelated: DeclareForPair = (title, context = {}, body) => {
  test(`between unrelated processes: ${title}`, async (t) => {
    const settings = { context, options: await freshPlace(t) };
    await body(t, await Promise.all([ServiceProcess.start(t, settings), ServiceProcess.start(t, settings)]));
  });
};

wakeUpFaults(unrelated);
