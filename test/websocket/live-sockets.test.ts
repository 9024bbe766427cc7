import test from 'ava';
import type { CloseReason } from '../../src/index.js';
import type { LiveSocket } from '../../src/websocket/live-socket.js';
import { LiveSockets } from '../../src/websocket/live-sockets.js';
import { startService, throwsCode } from '../support/service.js';
import { reportedFault } from './reported-fault.js';

class Plug implements LiveSocket {
  readonly activity = false;
  ended: CloseReason | undefined;
  readonly #fault: string | undefined;

  constructor(fault?: string) {
    this.#fault = fault;
  }

  end(reason: CloseReason): void {
    if (this.#fault !== undefined) throw new Error(this.#fault);
    this.ended = reason;
  }

  beat(): void {
    if (this.#fault !== undefined) throw new Error(this.#fault);
  }
}

test('a socket whose end or beat throws is reported, and the other sockets are still handled', async (t) => {
  const { manager, clock } = await startService(t);
  const session = await manager.createSession('alice');
  const live = LiveSockets.of(manager);
  const [stuck, fine] = [new Plug('stuck in the wall'), new Plug()];
  for (const plug of [stuck, fine]) await live.join(manager, session, plug);
  const reported = reportedFault(/stuck in the wall/);
  await clock.advance(5_000);
  await reported;
  t.is(fine.ended, undefined);
  await session.close('logout');
  await clock.settle();
  t.is(fine.ended, 'logout');
  for (const plug of [stuck, fine]) live.leave(plug);
  t.is(live.size, 0);
});

test('a drain closes many sockets in several turns of the event loop', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const live = LiveSockets.of(manager);
  const plugs: Plug[] = [];
  for (let count = 0; count < 1_000; count += 1) {
    const plug = new Plug();
    await live.join(manager, await manager.createSession('alice'), plug);
    plugs.push(plug);
  }
  const drained = manager.drain();
  const endedAtOnce = plugs.filter(({ ended }) => ended !== undefined).length;
  t.true(endedAtOnce > 0 && endedAtOnce < 1_000, String(endedAtOnce));
  while (plugs.some(({ ended }) => ended === undefined)) await new Promise((resolve) => setImmediate(resolve));
  for (const plug of plugs) live.leave(plug);
  await drained;
  t.is(live.size, 0);
  const late = new Plug();
  await throwsCode(t, live.join(manager, await manager.createSession('bob'), late), 'STOPPED');
  t.is(live.size, 0);
});
