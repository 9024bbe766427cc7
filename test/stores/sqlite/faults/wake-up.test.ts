import test from 'ava';
import { type DeclareForPair, wakeUpFaults } from '../../nodes/faults/wake-up.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPlace } from '../create-sqlite-store.js';

/** Declares a test with processes that have only the path of the database in common. */
const unrelated: DeclareForPair = (title, context = {}, body) => {
  test(`between unrelated processes: ${title}`, async (t) => {
    const settings = { context, options: await freshPlace(t) };
    await body(t, await Promise.all([ServiceProcess.start(t, settings), ServiceProcess.start(t, settings)]));
  });
};

wakeUpFaults(unrelated);
