import test, { type ExecutionContext } from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { SessionEvents } from '../../src/events/session-events.js';
import { MemoryStore, type PollReceiver, type Session, SessionContext, SessionManager } from '../../src/index.js';
import { GcProcessor } from '../../src/service/processors/gc-processor.js';
import { HeartbeatProcessor } from '../../src/service/processors/heartbeat-processor.js';
import { PushMessageProcessor } from '../../src/service/processors/push-message-processor.js';
import { SessionRuntime } from '../../src/service/session-runtime.js';
import { startService, throwsCode } from '../support/service.js';

const id = 'x'.repeat(24);

/** Returns a promise that rejects with the argument of `receiver.fail`. */
function failureOf(poll: (receiver: PollReceiver) => unknown): Promise<unknown> {
  return new Promise((deliver, fail) => void poll({ deliver, fail }));
}

/** Every method that needs a running service. */
const calls: Record<string, (manager: SessionManager) => Promise<unknown>> = {
  createSession: (manager) => manager.createSession('alice'),
  authenticate: (manager) => manager.authenticate(id + 'y'.repeat(40)),
  'authenticate with a malformed token': (manager) => manager.authenticate('x'),
  patchAsBearer: (manager) => manager.patchAsBearer(id + 'y'.repeat(40), { theme: 'dark' }),
  closeAsBearer: (manager) => manager.closeAsBearer(id + 'y'.repeat(40)),
  'closeAsBearer with a malformed token': (manager) => manager.closeAsBearer('x'),
  ping: (manager) => manager.ping(),
  watchChanges: (manager) => manager.watchChanges({ changed() {}, interrupted() {}, resumed() {} }),
  createNamedSession: (manager) => manager.createNamedSession('alice', 'phone'),
  namedSessionId: async (manager) => manager.namedSessionId('alice', 'phone'),
  resolveAlias: (manager) => manager.resolveAlias(id + 'y'.repeat(40)),
  getSession: (manager) => manager.getSession(id),
  patchSession: (manager) => manager.patchSession(id, { theme: 'dark' }),
  renewSession: (manager) => manager.renewSession(id),
  pollInto: (manager) => failureOf((receiver) => manager.pollInto(id, {}, receiver)),
  pollAsBearer: (manager) => failureOf((receiver) => manager.pollAsBearer(id + 'y'.repeat(40), {}, receiver)),
  rotateToken: (manager) => manager.rotateToken(id),
  replaceSession: (manager) => manager.replaceSession(id, 'z'.repeat(24)),
  closeSession: (manager) => manager.closeSession(id),
  closeAccount: (manager) => manager.closeAccount('alice'),
  closeApp: (manager) => manager.closeApp(),
  sessionsOfAccount: (manager) => manager.sessionsOfAccount('alice'),
  sessionsOfApp: (manager) => manager.sessionsOfApp(),
  activity: (manager) => manager.activity(1_000),
  push: (manager) => manager.push(id, 'hi'),
  pushToAccount: (manager) => manager.pushToAccount('alice', 'hi'),
  pushToApp: (manager) => manager.pushToApp('hi'),
  poll: (manager) => manager.poll(id),
};

function unstartedManager(): SessionManager {
  const context = new SessionContext();
  const clock = new ManualClock();
  const store = new MemoryStore(context, clock);
  const events = new SessionEvents();
  const room = new WaitingRoom(context, store, clock, events);
  const broadcaster = new PushMessageProcessor(store, events);
  const gc = new GcProcessor(context, store, clock, events);
  const heartbeat = new HeartbeatProcessor(context, store, clock, events);
  return new SessionManager(new SessionRuntime(context, clock, store, events, room, broadcaster, gc, heartbeat));
}

for (const [name, call] of Object.entries(calls)) {
  test(`${name} rejects with STOPPED before the start`, async (t) => {
    const { message } = await throwsCode(t, call(unstartedManager()), 'STOPPED');
    t.regex(message, /not started/);
  });

  test(`${name} rejects with STOPPED after the stop, in every app`, async (t) => {
    const { manager, container } = await startService(t);
    await container.unbindAllAsync();
    const { message } = await throwsCode(t, call(manager), 'STOPPED');
    t.regex(message, /is stopped/);
    await throwsCode(t, call(manager.inApp('other')), 'STOPPED');
  });
}

const verbs: Record<string, (session: Session) => Promise<unknown>> = {
  setAttr: (session) => session.setAttr('theme', 'dark'),
  removeAttr: (session) => session.removeAttr('theme'),
  write: (session) => session.write('hi'),
  drain: (session) => session.drain(),
  touch: (session) => session.touch(),
  reload: (session) => session.reload(),
  replace: (session) => session.replace('z'.repeat(24)),
  close: (session) => session.close(),
  destroy: (session) => session.destroy(),
};

async function assertStopped(t: ExecutionContext, verb: (session: Session) => Promise<unknown>): Promise<void> {
  const { manager, container } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  await container.unbindAllAsync();
  await throwsCode(t, verb(session), 'STOPPED');
  t.is(session.getAttr('theme'), 'dark', 'what it was can still be read');
}

for (const [name, verb] of Object.entries(verbs)) {
  test(`a session's ${name} rejects with STOPPED after the stop`, (t) => assertStopped(t, verb));
}
