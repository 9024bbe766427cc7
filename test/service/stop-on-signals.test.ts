import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { stopOnSignals } from '../../src/index.js';
import { Child } from './child.js';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const secondCodes = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

test('a stop without a promise exits with 0, and one that throws is printed and exits with 1', async (t) => {
  for (const [how, expected] of [
    ['returnsNothing', 0],
    ['throws', 1],
  ] as const) {
    const child = new Child('stopping-process', [how, 'asItIs']);
    await child.printed('ready');
    child.send('SIGTERM');
    const { code, errors } = await child.ended;
    t.is(code, expected, errors);
    t.is(/^Stopping failed: Error: disk full/.test(errors), how === 'throws', errors);
  }
});

test('stopOnSignals refuses what is not a function at once, not at the signal', (t) => {
  const before = process.listenerCount('SIGTERM');
  for (const stop of [undefined, null, Promise.resolve()]) {
    t.throws(() => Reflect.apply(stopOnSignals, undefined, [stop]), {
      code: 'INVALID_ARGUMENT',
      message: /^stop must be a function/,
    });
  }
  t.is(process.listenerCount('SIGTERM'), before);
});

for (const signal of signals) {
  test(`${signal} stops the process, which then exits with 0`, async (t) => {
    const child = new Child('stopping-process', ['takesTurns']);
    await child.printed('ready');
    child.send(signal);
    const { code, lines, errors } = await child.ended;
    t.is(code, 0, errors);
    t.deepEqual(lines, ['ready', 'stopping', 'stopped']);
  });

  test(`a stop that rejects after ${signal} is printed, and the process exits with 1`, async (t) => {
    const child = new Child('stopping-process', ['fails']);
    await child.printed('ready');
    child.send(signal);
    const { code, errors } = await child.ended;
    t.is(code, 1);
    t.regex(errors, /Stopping failed: Error: disk full/);
  });

  for (const second of signals) {
    test(`${second} a second after ${signal} exits immediately with ${secondCodes[second]}`, async (t) => {
      const child = new Child('stopping-process', ['hangs']);
      await child.printed('ready');
      child.send(signal);
      await child.printed('a second later');
      child.send(second);
      const { code, lines } = await child.ended;
      t.is(code, secondCodes[second]);
      t.deepEqual(lines, ['ready', 'stopping', 'a second later'], 'stop ran once');
    });

    test(`${second} within a second of ${signal} counts as the same signal: the stop continues`, async (t) => {
      // Send it twice, because each repeat counts from the first signal.
      const child = new Child('stopping-process', ['isSignalledAgain', second, second]);
      await child.printed('ready');
      child.send(signal);
      const { code, lines, errors } = await child.ended;
      t.is(code, 0, errors);
      t.deepEqual(lines, ['ready', 'stopping', 'stopped']);
    });
  }
}

test('Ctrl-C under node --watch, which delivers SIGINT twice, ends the process after its stop', async (t) => {
  const child = new Child('stopping-process', ['takesAWhile'], ['--watch']);
  t.teardown(() => child.sendToGroup('SIGKILL'));
  await child.printed('ready');
  child.sendToGroup('SIGINT');
  const { lines } = await child.ended;
  t.deepEqual(lines.slice(0, 3), ['ready', 'stopping', 'stopped']);
});

test('after the handlers were removed, signals have their default effect', async (t) => {
  const child = new Child('stopping-process', ['succeeds', 'takeAway']);
  await child.printed('ready');
  child.send('SIGTERM');
  const { code, signal, lines } = await child.ended;
  t.is(code, null);
  t.is(signal, 'SIGTERM');
  t.deepEqual(lines, ['ready']);
});

test('a service stopped by a signal answers its held poll and writes the snapshot that the next one restores', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'session-mailbox-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'data', 'sessions.snapshot');
  const sessions: (string | undefined)[] = [];
  for (const signal of signals) {
    const child = new Child('serving-process', [path]);
    await child.printed('ready');
    child.send(signal);
    const { code, lines, errors } = await child.ended;
    t.is(code, 0, errors);
    t.is(errors, '');
    t.is(lines.at(-1), 'answered 0 retry number');
    sessions.push(lines[0]?.split(' ')[1]);
    t.is((await stat(path)).mode & 0o777, 0o600);
    t.deepEqual(await readdir(join(folder, 'data')), ['sessions.snapshot']);
  }
  t.is(sessions[0], sessions[1]);
});
