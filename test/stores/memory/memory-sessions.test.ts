import test from 'ava';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { type NewSession, SessionContext } from '../../../src/index.js';
import { MemorySessions } from '../../../src/stores/memory/memory-sessions.js';

const tombstoneTime = 10;

function session(id: string): NewSession {
  const rest = { accountId: 'alice', secretHash: '', ip: '', userAgent: '', ttl: 1_000_000, maxAge: 0 };
  return { app: 'default', id: id.padEnd(24, '0'), attributes: {}, ...rest };
}

test('an id used again holds up no tombstone that is older', async (t) => {
  const clock = new ManualClock();
  const sessions = new MemorySessions(new SessionContext({ tombstoneTime, maxSession: 0 }), clock);
  const open = sessions.of('default');
  const comeAndGo = (id: string) => {
    sessions.insertOnce(session(id));
    sessions.close(open, sessions.live(open, session(id).id), 'logout');
  };
  comeAndGo('again');
  comeAndGo('other');
  await clock.advance(tombstoneTime);
  comeAndGo('again');
  sessions.sweep(100);
  t.deepEqual([...open.tombstones.keys()], [session('again').id]);
});
