import test from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import { MemoryStore } from '../../src/index.js';
import { bindStore, startService } from '../support/service.js';
import { loadedSession, sessionData } from './session-data.js';

for (const ahead of [-3_600_000, 1, 3_600_000]) {
  test(`a touch renews the session although the clock of the store is ${ahead} ms ahead`, async (t) => {
    const clock = new ManualClock();
    await clock.advance(Math.max(0, ahead));
    const { manager, clock: own } = await startService(
      t,
      {},
      { store: bindStore((context) => new MemoryStore(context, clock)) },
    );
    if (ahead < 0) await own.advance(-ahead);
    const store = new SessionMailboxStore(manager);
    t.teardown(() => store.close());
    await store.set('sid', sessionData({}));
    const loaded = await loadedSession(store, 'sid');
    const { lastTime } = (await store.sessionOf('sid')) ?? {};
    await clock.advance(1);
    await store.touch('sid', loaded);
    t.is((await store.sessionOf('sid'))?.lastTime, (lastTime ?? 0) + 1);
  });
}
