import type { ExecutionContext } from 'ava';
import {
  type Batch,
  type ReadRequest,
  type SessionContextOptions,
  SessionError,
  type SessionStore,
  type StoreBinding,
  startSessions,
} from '../../src/index.js';
import { noListener } from '../../src/store/no-listener.js';
import { hashSecret, newId, newSecret } from '../../src/store/session-token.js';
import { until } from './http-kit.js';
import { limits } from './limits.js';

/**
 * A store adds a second to each parking. A session that was parked only once would be away after 3.1 s and expire after
 * 5.1 s. A busy machine may stop a node for up to a second without effect.
 */
const context: SessionContextOptions = { pollTime: 100, hbTime: 20, hbGrace: 2_000, gcTime: 4_000, gcInterval: 20 };
const beatsToSee = 60;

/** Checks a stream at one of two nodes over one store. The other node does everything else. */
export async function checkStreamsOverNodes(t: ExecutionContext, store: () => StoreBinding): Promise<void> {
  const [one, other] = await Promise.all([startSessions(context, store()), startSessions(context, store())]);
  t.teardown(async () => {
    await one.stop();
    await other.stop();
  });
  const session = await one.sessions.createSession('alice');
  const undelivered = async () => (await other.sessions.getSession(session.id)).undelivered;
  const stream = openAt(one.sessions, session.token);
  await until(() => stream.batches.length === 1);

  for (const data of ['a', 'b', 'c']) await other.sessions.push(session.id, data);
  await until(() => stream.data.length === 3);
  t.deepEqual(stream.data, ['a', 'b', 'c']);
  t.is(await undelivered(), 3);
  await other.sessions.acknowledgeAsBearer(session.token, 'tab', stream.batches.at(-1)?.cursor ?? '');
  t.is(await undelivered(), 0);

  // Wait longer than the idle time, the grace and any one parking, without a message.
  await until(() => stream.beats >= beatsToSee, limits.test);
  t.is((await other.sessions.getSession(session.id)).presence, 'online');
  await other.sessions.push(session.id, 'd');
  await until(() => stream.data.length === 4);

  const newer = openAt(other.sessions, session.token);
  await until(() => stream.batches.at(-1)?.superseded === true);
  await until(() => newer.data.length === 1);
  t.deepEqual(newer.data, ['d'], 'the newer stream goes on behind what was acknowledged');
  await one.sessions.push(session.id, 'e');
  await until(() => newer.data.length === 2);
  t.deepEqual([...stream.errors, ...newer.errors], []);
  await one.sessions.closeSession(session.id, 'logout');
  await until(() => newer.end === 'logout');
}

function openAt(sessions: Awaited<ReturnType<typeof startSessions>>['sessions'], token: string) {
  const stream = {
    batches: [] as Batch[],
    errors: [] as unknown[],
    beats: 0,
    /** The reason why the session ended. A parked stream receives it; a stream that is reading is refused. */
    get end() {
      const error = stream.errors.at(-1);
      return SessionError.is(error, 'SESSION_CLOSED') ? error.details.reason : stream.batches.at(-1)?.closed?.code;
    },
    get data() {
      return stream.batches.flatMap(({ messages }) => messages.map(({ data }) => data));
    },
  };
  sessions.streamAsBearer(
    token,
    { reader: 'tab' },
    {
      deliver: (batch) => stream.batches.push(batch),
      fail: (error) => stream.errors.push(error),
      beat: () => {
        stream.beats += 1;
      },
    },
  );
  return stream;
}

/** Checks that a stream that reads while another node takes its reader over does not take it back. */
export async function checkTakeOver(t: ExecutionContext, older: SessionStore, newer: SessionStore): Promise<void> {
  for (const store of [older, newer]) {
    await store.open(noListener);
    t.teardown(() => store.close());
  }
  const id = newId(older.idPrefix('default', 'alice'));
  const identity = { app: 'default', id, accountId: 'alice', secretHash: hashSecret(newSecret()) };
  const times = { ttl: 60_000, maxAge: 0, maxSession: 0 };
  await older.insert({ ...identity, ...times, ip: '', userAgent: '', attributes: Object.create(null) });
  await older.append('default', id, { json: '1', bytes: 1, key: undefined });
  const first: ReadRequest = {
    reader: 'tab',
    after: '',
    limit: 10,
    wait: 10_000,
    secretHash: undefined,
    generation: undefined,
    ticket: 1,
  };
  const { epoch, offset, proof } = await older.read('default', id, first);
  const further: ReadRequest = { ...first, after: { epoch, offset, proof }, goesOn: true };
  t.true((await older.read('default', id, further)).parked);
  // This read returns a message, so that the reader is parked at no node.
  t.is((await newer.read('default', id, first)).messages.length, 1);
  const late = await older.read('default', id, further);
  t.like(late, { superseded: true, parked: false, epoch, offset, proof });
  const next = await newer.read('default', id, further);
  t.true(next.parked);
  t.is(next.superseded, undefined);
}
