import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test from 'ava';
import { memoryStore, SessionError, type SessionEvent } from '../../src/index.js';
import { onAdapter, onEachAdapter } from '../support/http-kit.js';
import { refusalOf, startService } from '../support/http-service.js';

const events: readonly SessionEvent[] = [
  'created',
  'renewed',
  'rotated',
  'replaced',
  'closed',
  'online',
  'away',
  'overflow',
];

/** Returns what this process logs and warns while `action` runs. */
async function outputOf(action: () => Promise<void>): Promise<string> {
  const lines: string[] = [];
  const keep = (...values: unknown[]) => void lines.push(values.map((value) => inspect(value)).join(' '));
  const original = { log: console.log, warn: console.warn, error: console.error, info: console.info };
  const onWarning = (warning: Error) => keep(warning.message, warning.stack);
  process.on('warning', onWarning);
  Object.assign(console, { log: keep, warn: keep, error: keep, info: keep });
  try {
    await action();
  } finally {
    Object.assign(console, original);
    process.off('warning', onWarning);
  }
  return lines.join('\n');
}

/** Returns an object as JSON, as a string, and in the output of inspect. */
function shown(value: unknown): string {
  const json = JSON.stringify(value);
  const spread = typeof value === 'object' && value !== null ? inspect({ ...value }) : '';
  return [json, spread, String(value), inspect(value, { depth: 9, showHidden: true, getters: true })].join('\n');
}

test('leak by display: a session shows its token in no JSON, inspection, spread or string', async (t) => {
  const { container, manager } = await startService();
  const issued = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  const { token } = issued;
  const rotated = await manager.rotateToken(issued.id);
  const others = [issued, await manager.authenticate(rotated.token), await manager.getSession(issued.id)];
  for (const session of [...others, ...(await manager.sessionsOfAccount('alice'))]) {
    const text = [JSON.stringify(session), inspect(session), inspect({ ...session }), String(session)].join('\n');
    for (const secret of [token, rotated.token]) {
      t.false(text.includes(secret));
      t.false(text.includes(secret.slice(24)));
    }
    t.notRegex(text, /secretHash/);
  }
  await container.unbindAllAsync();
});

test('leak by events and errors: no payload, message, detail or cause contains a secret', async (t) => {
  const { container, manager, clock } = await startService({ maxSession: 2, msgMaxLength: 1 });
  const told: unknown[] = [];
  for (const event of events) manager.on(event, (payload) => told.push([event, payload]));
  const secrets: string[] = [];
  const first = await manager.createSession('alice');
  const second = await manager.createSession('alice');
  secrets.push(first.token, second.token);
  const failures: unknown[] = [];
  const fail = (call: Promise<unknown>) => call.then(undefined, (error) => failures.push(error));
  await fail(manager.createSession('alice'));
  await fail(manager.authenticate(`${first.id}${'x'.repeat(40)}`));
  await fail(manager.authenticate(`${first.token}x`));
  await fail(manager.getSession(first.token));
  await fail(manager.push(first.token, 1));
  await fail(manager.poll(first.token));
  await fail(manager.replaceSession(first.token, second.token));
  await manager.authenticate(first.token);
  secrets.push((await manager.rotateToken(first.id)).token);
  for (const data of [1, 2]) await manager.push(first.id, data);
  await clock.advance(20_000);
  await manager.authenticate(second.token);
  await manager.replaceSession(second.id, first.id);
  await fail(manager.getSession(first.id));
  await manager.closeApp();
  await clock.advance(2_000);
  const names = new Set(told.map((each) => (Array.isArray(each) ? each[0] : '')));
  t.deepEqual(
    [...events].filter((event) => !names.has(event)),
    [],
  );
  t.true(failures.length >= 8 && failures.every((error) => SessionError.is(error)));
  for (const value of [...told, ...failures]) {
    for (const secret of secrets) {
      t.false(shown(value).includes(secret.slice(24)));
    }
    t.notRegex(shown(value), /secretHash/);
  }
  await container.unbindAllAsync();
});

test('leak by file: the snapshot has only hashes, and a stolen hash does not authenticate', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'leak-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const snapshot = { path: join(folder, 'sessions.snapshot') };
  const first = await startService({}, memoryStore({ snapshot }));
  const { id, token } = await first.manager.createSession('alice');
  await first.manager.push(id, 'hi');
  await first.container.unbindAllAsync();
  const text = await readFile(snapshot.path, 'utf8');
  t.true(text.includes(id));
  t.false(text.includes(token.slice(24)));
  const hash = /"secretHash":"([^"]+)"/.exec(text)?.[1] ?? '';
  t.is(hash.length, 43);
  const second = await startService({}, memoryStore({ snapshot }));
  for (const stolen of [
    id + hash.slice(0, 40),
    id +
      hash
        .replaceAll(/[^0-9A-Za-z]/g, '')
        .padEnd(40, '0')
        .slice(0, 40),
  ]) {
    t.is(await refusalOf(() => second.manager.authenticate(stolen)), 'SESSION_UNKNOWN');
  }
  t.is((await second.manager.authenticate(token)).id, id);
  await second.container.unbindAllAsync();
});

onEachAdapter('leak by response: no list, batch or problem contains a token', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'hi');
  const { token } = session;
  const forged = `${session.id}${'x'.repeat(40)}`;
  const requests = [
    kit.request('/sessions', { token }),
    kit.request('/poll?after=', { token }),
    kit.request(`/poll?after=${token}`, { token }),
    kit.request('/poll?after=', { token: forged }),
    kit.request('/sessions', { cookie: `sid=${forged}` }),
    kit.request('/sessions/current', { method: 'DELETE', token }),
    kit.request('/poll', { token }),
  ];
  for (const [index, response] of (await Promise.all(requests)).entries()) {
    const text = response.body + JSON.stringify(response.rawHeaders);
    t.false(text.includes(token.slice(24)), String(index));
    t.false(text.includes('x'.repeat(40)), String(index));
  }
});

onAdapter('fastify', 'leak by log: no request, good or bad, makes the process log anything', {}, async (t, kit) => {
  const session = await kit.logIn();
  const said = await outputOf(async () => {
    for (const token of [session.token, `${session.token}x`, `${session.id}${'y'.repeat(40)}`]) {
      await kit.request('/poll?wait=0', { token });
      await kit.request('/poll?wait=-1', { token });
      await kit.request('/sessions', { cookie: `sid=${token}` });
    }
    await kit.request('/sessions/current', { method: 'DELETE', token: session.token });
    await kit.request('/poll', { token: session.token });
  });
  t.is(said, '');
});

test('leak by reported error: a listener that throws is reported without its session’s secret', async (t) => {
  const { container, manager } = await startService();
  const tokens: string[] = [];
  const said = await outputOf(async () => {
    manager.on('created', (record) => {
      throw new Error(`listener failed on ${inspect(record)}`);
    });
    tokens.push((await manager.createSession('alice')).token);
    await new Promise((resolve) => setImmediate(resolve));
  });
  t.true(said.includes('listener failed'));
  for (const token of tokens) t.false(said.includes(token.slice(24)));
  await container.unbindAllAsync();
});
