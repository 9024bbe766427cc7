import type { ExecutionContext } from 'ava';
import { type CloseReason, closeReasons, type IssuedSession, type SessionContextOptions } from '../../src/index.js';
import { SessionRuntime } from '../../src/service/session-runtime.js';
import { type Kit, onEachAdapter, problemIn } from '../support/http-kit.js';

async function closesHeldPoll(
  t: ExecutionContext,
  kit: Kit,
  reason: CloseReason,
  end: (session: IssuedSession) => Promise<unknown>,
): Promise<void> {
  const session = await kit.logIn();
  const held = await kit.hold(session.token, { after: '' });
  await end(session);
  const notice = { code: reason, reason: closeReasons[reason].sentence, reconnect: false };
  const batch = await held.batch();
  t.deepEqual(batch.closed, notice);
  t.deepEqual(batch.messages, []);
  t.is(kit.room.held, 0);
  const afterwards = await kit.request('/poll?after=', { token: session.token });
  t.is(afterwards.status, 401);
  t.like(problemIn(afterwards), { code: 'SESSION_CLOSED', status: 401, closed: notice });
  t.is(afterwards.headers.get('www-authenticate'), 'Bearer');
}

interface Ending {
  readonly context?: SessionContextOptions;
  readonly end: (kit: Kit, session: IssuedSession) => Promise<unknown>;
}

const endings: { readonly [Reason in CloseReason]?: Ending } = {
  revoked: { end: (kit, session) => kit.manager.closeSession(session.id) },
  logout: { end: (_kit, session) => session.destroy() },
  evicted: { context: { maxSession: 1, onMaxSession: 'evict-oldest' }, end: (kit) => kit.logIn() },
  replaced: { end: async (kit, session) => (await kit.logIn()).replace(session) },
  'max-age': { context: { maxAge: 10_000 }, end: (kit) => kit.clock.advance(11_000) },
  expired: { context: { gcTime: 10_000, pollRenews: false }, end: (kit) => kit.clock.advance(11_000) },
  overflow: {
    context: { msgMaxLength: 1, onOverflow: 'close' },
    end: async (kit, session) => {
      await kit.poll(session.token, { after: '', reader: 'slow' });
      await kit.manager.push(session.id, 'fills the mailbox and wakes held polls');
      await kit.manager.push(session.id, 'one too many').catch(() => {});
    },
  },
};

for (const reason of ['revoked', 'logout', 'evicted', 'replaced', 'max-age', 'expired'] as const) {
  const ending = endings[reason];
  if (ending === undefined) throw new Error(`Nothing ends a session as ${reason}`);
  onEachAdapter(
    `when a session ends as ${reason}, its held poll is answered with the reason, and the next poll is 401 with it`,
    { context: ending.context ?? {} },
    (t, kit) => closesHeldPoll(t, kit, reason, (session) => ending.end(kit, session)),
  );
}

onEachAdapter(
  'the bearer of a session closed by overflow receives that reason',
  { context: { msgMaxLength: 1, onOverflow: 'close' } },
  async (t, kit) => {
    const session = await kit.logIn();
    await endings.overflow?.end(kit, session);
    const response = await kit.request('/poll', { token: session.token });
    t.is(response.status, 401);
    t.is(problemIn(response).closed?.code, 'overflow');
  },
);

onEachAdapter('a held poll keeps its session from expiring', { context: { gcTime: 10_000 } }, async (t, kit) => {
  const session = await kit.logIn();
  const held = await kit.hold(session.token, { after: '', wait: '25000' });
  await kit.clock.advance(24_000);
  t.is(kit.room.held, 1);
  await kit.clock.advance(1_000);
  t.false('closed' in (await held.batch()));
  await kit.clock.advance(9_999);
  t.is((await kit.request('/sessions', { token: session.token })).status, 200, 'the idle clock began at the answer');
});

onEachAdapter('the reason is forgotten after tombstoneTime', { context: { tombstoneTime: 5_000 } }, async (t, kit) => {
  const session = await kit.logIn();
  await session.close();
  await kit.clock.advance(7_000);
  const response = await kit.request('/poll', { token: session.token });
  t.is(response.status, 401);
  t.is(problemIn(response).code, 'SESSION_UNKNOWN');
});

onEachAdapter('drain() answers held polls with `retry`, and no further polls are held', {}, async (t, kit) => {
  const session = await kit.logIn();
  const held = [];
  for (let device = 0; device < 6; device += 1)
    held.push(await kit.hold(session.token, { after: '', reader: `r${device}` }));
  await kit.manager.drain();
  const retries = new Set<number>();
  for (const poll of held) {
    const { retry, ...rest } = await poll.batch();
    t.true(Number.isInteger(retry) && (retry ?? 0) > 0);
    t.deepEqual(Object.keys(rest), ['messages', 'cursor', 'lost']);
    if (retry !== undefined) retries.add(retry);
  }
  t.true(retries.size > 1, 'clients sent away together do not come back together');
  t.is(kit.room.held, 0);
  const late = await kit.poll(session.token, { after: '', wait: '25000' });
  t.true((late.retry ?? 0) > 0, 'a poll that comes later is answered at once');
});

onEachAdapter('a poll that arrives in the same turn as drain() is not held', {}, async (t, kit) => {
  const session = await kit.logIn();
  const answered = kit.manager.poll(session.id, { after: '' });
  await kit.manager.drain();
  t.true(((await answered).retry ?? 0) > 0);
  t.is(kit.room.held, 0);
});

onEachAdapter('a stopped service answers 503 with Retry-After', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.container.get(SessionRuntime).stop();
  for (const path of ['/poll', '/sessions']) {
    const response = await kit.request(path, { token: session.token });
    t.is(response.status, 503, path);
    t.is(problemIn(response).code, 'STOPPED');
    t.regex(response.headers.get('retry-after') ?? '', /^[0-9]+$/);
  }
});
