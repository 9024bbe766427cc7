import type { ExecutionContext } from 'ava';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import { type SessionContextOptions, SessionError, SessionStore } from '../../src/index.js';
import { bindStore, startService } from '../support/service.js';
import { HookedStore } from './hooked-store.js';

export const away = () => new SessionError('STORE_UNAVAILABLE', 'The store is away', {});

/** Starts a service whose store calls the test before and after each operation, and returns express-session stores over it. */
export async function startHooked(t: ExecutionContext, context: SessionContextOptions = {}) {
  const service = await startService(t, context, { store: bindStore((given, clock) => new HookedStore(given, clock)) });
  const { manager, container } = service;
  const hooked = container.get(SessionStore);
  if (!(hooked instanceof HookedStore)) throw new TypeError('The container binds another store');
  const newStore = () => {
    const store = new SessionMailboxStore(manager, { pingInterval: 5, allowKeptSid: true });
    t.teardown(() => store.close());
    return store;
  };
  return { ...service, hooked, newStore, visitors: manager.inApp('default-visitors') };
}

/** Removes what the test calls before and after each operation. */
export function revive(hooked: HookedStore): void {
  hooked.before = () => {};
  hooked.after = () => {};
}
