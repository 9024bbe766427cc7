import { Container } from 'inversify';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { Clock, memoryStore, SessionManager, sessionModule } from '../../../src/index.js';
import type { Caller } from './requests.js';

export interface FuzzSession extends Caller {
  /** Of the session that is pushed to. */
  readonly id: string;
}

/**
 * Writes sessions into a snapshot, from which both sides start: the same tokens and cursors on both. Each connection has its
 * own, so that connections don't meet each other.
 */
export async function writeSessions(snapshot: string, count: number): Promise<readonly FuzzSession[]> {
  const container = new Container();
  container.bind(Clock).toConstantValue(new ManualClock());
  container.load(sessionModule({}, memoryStore({ snapshot: { path: snapshot } })));
  const manager = await container.getAsync(SessionManager);
  const sessions: FuzzSession[] = [];
  for (let n = 0; n < count; n++) {
    const full = await manager.createSession(`full-${n}`);
    const empty = await manager.createSession(`empty-${n}`);
    const pushed = await manager.createSession(`pushed-${n}`);
    // What one reader has taken stays for the other.
    await manager.poll(full.id, { after: '', wait: 0, reader: 'other' });
    await manager.push(full.id, { text: 'first ✓' });
    sessions.push({ id: pushed.id, full: full.token, empty: empty.token, pushed: pushed.token });
  }
  await container.unbindAllAsync();
  return sessions;
}
