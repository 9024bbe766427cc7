import { type ExecutionContext } from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { SessionMailboxStore, type SessionMailboxStoreOptions } from '../../src/express-session/index.js';
import type { SessionContextOptions } from '../../src/index.js';
import { startService } from '../support/service.js';

export const minute = 60_000;
export const day = 86_400_000;

export async function start(
  t: ExecutionContext,
  context: SessionContextOptions = {},
  options: SessionMailboxStoreOptions = {},
) {
  // Each run of a background task takes a turn of the event loop. With the default intervals, days would take minutes.
  const intervals = { gcInterval: minute, hbTime: minute };
  const service = await startService(t, { ...intervals, ...context }, { clock: new ManualClock(Date.now()) });
  const store = new SessionMailboxStore(service.manager, { allowKeptSid: true, ...options });
  t.teardown(() => store.close());
  return { ...service, store, visitors: service.manager.inApp('default-visitors') };
}
