import { Container } from 'inversify';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { Clock, memoryStore, SessionManager, sessionModule } from '../../../src/index.js';
import type { Caller } from './requests.js';

export interface FuzzSession extends Caller {
  /** Id of the session to which messages are pushed. */
  readonly id: string;
}

/**
 * Writes sessions into a snapshot. Both sides start from it, so that they have the same tokens and cursors. Each connection has
 * its own sessions, so that connections don't affect each other.
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
    // The reader `other` never takes the message, so it stays in the mailbox.
    await manager.poll(full.id, { after: '', wait: 0, reader: 'other' });
    await manager.push(full.id, { text: 'first ✓' });
    sessions.push({ id: pushed.id, full: full.token, empty: empty.token, pushed: pushed.token });
  }
  await container.unbindAllAsync();
  return sessions;
}
