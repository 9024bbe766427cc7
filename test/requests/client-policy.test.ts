import test from 'ava';
import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import {
  AnyClient,
  ClientPolicy,
  Clock,
  type KnownClient,
  MemoryStore,
  type RefusedBearer,
  SessionContext,
  SessionManager,
  type SessionRecord,
  SessionStore,
  sessionModule,
  startSessions,
} from '../../src/index.js';
import { startService, throwsCode } from '../support/service.js';
import { Stage } from '../websocket/stage.js';

/** A policy that refuses the user agent `Thief`, and records its calls. */
class Refusing extends ClientPolicy {
  readonly asked: (readonly [before: string, now: KnownClient])[] = [];

  async judge({ lastIp, lastUserAgent }: SessionRecord, client: KnownClient): Promise<'accept' | 'refuse'> {
    this.asked.push([`${lastIp} ${lastUserAgent}`, client]);
    return client.userAgent === 'Thief' ? 'refuse' : 'accept';
  }
}

const first = { ip: '192.0.2.1', userAgent: 'Browser' };

test('the policy judges a changed client once, and an accepted client is stored', async (t) => {
  const policy = new Refusing();
  const { sessions, stop } = await startSessions({}, undefined, policy);
  t.teardown(stop);
  const { token } = await sessions.createSession('alice', first);
  t.is((await sessions.authenticate(token, first)).previousClient, undefined);
  t.deepEqual(policy.asked, []);
  const moved = await sessions.authenticate(token, { ip: '192.0.2.2', userAgent: 'Browser' });
  t.deepEqual([moved.lastIp, moved.lastUserAgent, moved.ip], ['192.0.2.2', 'Browser', '192.0.2.1']);
  t.deepEqual(moved.previousClient, first);
  await sessions.authenticate(token, { ip: '192.0.2.2', userAgent: 'Browser' });
  t.deepEqual(policy.asked, [['192.0.2.1 Browser', { ip: '192.0.2.2', userAgent: 'Browser' }]]);
  const unnamed = await sessions.authenticate(token, { userAgent: 'Browser 2' });
  t.deepEqual([unnamed.lastIp, unnamed.lastUserAgent], ['192.0.2.2', 'Browser 2'], 'what is not known stays');
  await sessions.authenticate(token);
  await sessions.authenticate(token, {});
  t.is(policy.asked.length, 2);
});

test('a policy without judge, such as a function or a class, is refused at the start', async (t) => {
  for (const policy of [() => 'accept', AnyClient, {}, { judge: 'accept' }, null]) {
    await t.throwsAsync(async () => Reflect.apply(startSessions, undefined, [{}, undefined, policy]), {
      code: 'INVALID_CONTEXT',
      message: /^SessionManager: ClientPolicy must be an object with the method judge/,
    });
  }
});

test('a refused client is answered as unknown each time, and the session stays live', async (t) => {
  const policy = new Refusing();
  const { sessions, stop } = await startSessions({}, undefined, policy);
  t.teardown(stop);
  const { id, token } = await sessions.createSession('alice', first);
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const error = await throwsCode(
      t,
      sessions.authenticate(token, { ...first, userAgent: 'Thief' }),
      'SESSION_UNKNOWN',
    );
    t.is(error.details.refused, 'other-client');
    t.is(policy.asked.length, attempt);
  }
  t.is((await sessions.getSession(id)).lastUserAgent, 'Browser');
  t.is((await sessions.authenticate(token, first)).id, id);
});

class CountingStore extends MemoryStore {
  records = 0;

  override recordClient(app: string, id: string, ip: string, userAgent: string): Promise<SessionRecord> {
    this.records += 1;
    return super.recordClient(app, id, ip, userAgent);
  }
}

test('fronts pass the client only if a policy is bound, and an unchanged client is not written again', async (t) => {
  for (const isBound of [true, false]) {
    const container = new Container();
    container.bind(Clock).toConstantValue(new ManualClock());
    if (isBound) container.bind(ClientPolicy).to(AnyClient);
    const make = (context: SessionContext, clock: Clock) => new CountingStore(context, clock);
    container.load(
      sessionModule({}, ({ bind }) =>
        bind(SessionStore).toResolvedValue(make, [SessionContext, Clock]).inSingletonScope(),
      ),
    );
    const manager = await container.getAsync(SessionManager);
    t.teardown(() => container.unbindAllAsync());
    const store = container.get(SessionStore);
    const stage = await Stage.before(t, manager);
    const { id, token } = await stage.logIn();
    for (const credential of [{ token }, { cookie: `sid=${token}` }]) {
      const client = await stage.connect({ ...credential, headers: { 'User-Agent': 'Browser' } });
      client.socket.terminate();
    }
    const { lastIp, lastUserAgent } = await manager.getSession(id);
    t.is(lastUserAgent, isBound ? 'Browser' : '');
    t.is(lastIp.endsWith('127.0.0.1'), isBound);
    t.is(store instanceof CountingStore ? store.records : -1, isBound ? 1 : 0);
  }
});

test('a WebSocket of a client that the policy refuses is not opened, and the refusal is reported', async (t) => {
  const { sessions, stop } = await startSessions({}, undefined, new Refusing());
  t.teardown(stop);
  const heard: RefusedBearer[] = [];
  sessions.on('refused', (refused) => heard.push(refused));
  const stage = await Stage.before(t, sessions);
  const { id, token } = await stage.logIn();
  const refusal = await stage.client({ token, headers: { 'User-Agent': 'Thief' } }).outcome;
  t.deepEqual([refusal?.status, refusal?.problem.code], [401, 'SESSION_UNKNOWN']);
  t.deepEqual(
    heard.map((refused) => [refused.kind, refused.id, refused.userAgent]),
    [['other-client', id, 'Thief']],
  );
});

test('an address that can’t be stored is an error of the caller', async (t) => {
  const { manager } = await startService(t);
  const { token } = await manager.createSession('alice');
  await throwsCode(t, manager.authenticate(token, { ip: 'x'.repeat(65) }), 'INVALID_ARGUMENT');
  const { lastUserAgent } = await manager.authenticate(token, { userAgent: 'x'.repeat(1_000) });
  t.is(lastUserAgent.length, 512);
});
