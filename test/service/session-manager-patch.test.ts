import test from 'ava';
import type { Batch, PollReceiver } from '../../src/index.js';
import { startService, throwsCode } from '../support/service.js';

class Answer implements PollReceiver {
  readonly arrived: Promise<Batch>;
  acknowledge: (() => void) | undefined;
  #resolve: (batch: Batch) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor() {
    this.arrived = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    this.acknowledge = acknowledge;
    this.#resolve(batch);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

test('patchSession sets and deletes attributes in one step, and attributeTexts shows their stored texts', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice', { attributes: { a: 1, b: 2 } });
  const session = await manager.patchSession(id, { a: null, c: { d: null } });
  t.deepEqual({ ...session.attributeTexts }, { b: '2', c: '{"d":null}' });
  t.deepEqual(session.writes, 1);
  await throwsCode(t, manager.patchSession(id, { ['__proto__']: 1 }), 'INVALID_ARGUMENT');
  await session.close();
  await throwsCode(t, manager.patchSession(id, { a: 1 }), 'SESSION_CLOSED');
});

test('pollInto removes a message only after it is acknowledged', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'hi');
  const [first, second, third] = [new Answer(), new Answer(), new Answer()];
  manager.pollInto(id, { wait: 0 }, first);
  t.is((await first.arrived).messages.length, 1);
  manager.pollInto(id, { wait: 0 }, second);
  t.is((await second.arrived).messages.length, 1);
  second.acknowledge?.();
  manager.pollInto(id, { wait: 0 }, third);
  t.is((await third.arrived).messages.length, 0);
});

test('pollInto passes errors for an unknown session and wrong options to receiver.fail', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const [malformed, wrong] = [new Answer(), new Answer()];
  manager.pollInto('unknown', {}, malformed).cancel();
  await throwsCode(t, malformed.arrived, 'SESSION_UNKNOWN');
  manager.pollInto(id, { limit: 0 }, wrong).cancel();
  await throwsCode(t, wrong.arrived, 'INVALID_ARGUMENT');
});
