import { MemoryStore, SessionContext, type SessionContextOptions } from '../../../src/index.js';
import type { StoreSetup } from '../../conformance/session-store.js';
import { ManualClock } from '../../support/manual-clock.js';

export async function createMemoryStore(options: SessionContextOptions): Promise<StoreSetup> {
  const clock = new ManualClock();
  const store = new MemoryStore(new SessionContext(options), clock);
  return { store, advance: (milliseconds) => clock.advance(milliseconds), close: () => store.close() };
}
