import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import type { RawResponse } from '../support/http-client.js';
import { isProblem, type Kit, onAdapter, onEachAdapter, problemIn, until } from '../support/http-kit.js';

function flipped(character: string | undefined): string {
  return character === 'a' ? 'b' : 'a';
}

/** Returns all that an attacker can see of a response, except its time. */
function visible(response: RawResponse): unknown {
  const headers = response.rawHeaders.filter(([name]) => name.toLowerCase() !== 'date');
  return { status: response.status, headers, body: response.body };
}

onEachAdapter('forged token: any change of any part is answered as an unknown session', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const other = await kit.logIn('bob');
  const forged = [
    flipped(token[0]) + token.slice(1),
    token.slice(0, 63) + flipped(token[63]),
    token.slice(0, 24) + other.token.slice(24),
    token.slice(0, 24),
    token.slice(0, 63),
    `${token}a`,
    token.toUpperCase(),
    'x'.repeat(64),
    '0'.repeat(64),
  ];
  for (const wrong of forged) {
    for (const path of ['/poll?after=', '/sessions']) {
      const response = await kit.request(path, { token: wrong });
      t.is(response.status, 401, `${path} ${wrong.length}`);
      t.is(problemIn(response).code, 'SESSION_UNKNOWN');
      t.false(response.body.includes(wrong));
    }
  }
  t.is(kit.room.held, 0);
});

onEachAdapter(
  'malformed token: unicode, lists, encodings and an empty token are 401, never 500',
  {},
  async (t, kit) => {
    const { token } = await kit.logIn();
    const values = [
      '',
      ' ',
      'null',
      'undefined',
      '[object Object]',
      `["${token}"]`,
      `%00${token}`,
      `${token},${token}`,
    ];
    values.push(`${token};`, `${token} ${token}`, '../../etc/passwd', "' OR 1=1 --", '\u00e9'.repeat(64), `"${token}"`);
    for (const value of values) {
      const bearer = await kit.request('/poll?after=', { headers: { Authorization: `Bearer ${value}` } });
      t.is(bearer.status, 401, value);
      const cookie = await kit.request('/sessions', { cookie: `sid=${value}` });
      t.true(cookie.status === 401 || (cookie.status === 200 && value === `${token};`), `${value}: ${cookie.status}`);
    }
  },
);

onEachAdapter('oversized token: a header of 1 MB is refused and the server continues', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  for (const options of [{ token: 'a'.repeat(1_000_000) }, { cookie: `sid=${'a'.repeat(1_000_000)}` }]) {
    const response = await kit.request('/poll?after=', options).catch(() => undefined);
    t.true(response === undefined || (response.status >= 400 && response.status < 500));
  }
  const long = await kit.request('/poll?after=', { token: 'a'.repeat(8_000) });
  t.is(long.status, 401);
  t.is((await kit.request('/poll?wait=0', { token })).status, 200);
});

onEachAdapter(
  'token in the query: it is ignored, so that no link and no access log has a usable token',
  {},
  async (t, kit) => {
    const { token } = await kit.logIn();
    for (const name of ['token', 'sid', 'access_token', 'authorization']) {
      t.is((await kit.request(`/poll?after=&${name}=${token}`)).status, 401);
      t.is((await kit.request(`/sessions?${name}=${token}`)).status, 401);
    }
  },
);

onEachAdapter('public id used as a secret: a session id does not authenticate', {}, async (t, kit) => {
  const { id } = await kit.logIn();
  for (const guess of [id, id + id, `${id}${'0'.repeat(40)}`, `${id}${'A'.repeat(40)}`]) {
    t.is((await kit.request('/poll?after=', { token: guess })).status, 401);
    t.is((await kit.request('/sessions', { cookie: `sid=${guess}` })).status, 401);
  }
});

onEachAdapter('id enumeration: a foreign id, an ended one and an unknown one look the same', {}, async (t, kit) => {
  const mine = await kit.logIn('mallory');
  const foreign = await kit.logIn('alice');
  const ended = await kit.logIn('alice');
  await ended.close('logout');
  const ask = async (id: string) =>
    visible(await kit.request(`/sessions/${id}`, { method: 'DELETE', token: mine.token }));
  const unknown = await ask('x'.repeat(24));
  t.like(unknown, { status: 404 });
  t.deepEqual(await ask(foreign.id), unknown);
  t.deepEqual(await ask(ended.id), unknown);
  t.is((await kit.manager.getSession(foreign.id)).accountId, 'alice');
});

onEachAdapter(
  'session enumeration: with a wrong secret live, ended and unknown sessions look the same',
  {},
  async (t, kit) => {
    const live = await kit.logIn();
    const ended = await kit.logIn();
    await ended.close('revoked');
    const secret = 'z'.repeat(40);
    for (const path of ['/poll?after=', '/sessions']) {
      const ask = async (id: string) => visible(await kit.request(path, { token: id + secret }));
      const unknown = await ask('x'.repeat(24));
      t.deepEqual(await ask(live.id), unknown);
      t.deepEqual(await ask(ended.id), unknown, 'only the right secret learns the reason');
    }
    t.is(problemIn(await kit.request('/sessions', { token: ended.token })).closed?.code, 'revoked');
  },
);

onEachAdapter('malformed ids in the path: none of them causes a 500', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const ids = ['%00', '%E0%A4%A', '..%2f..%2fetc', '__proto__', 'constructor', 'a'.repeat(5_000), '%F0%9F%98%80', ' '];
  for (const id of ids) {
    const response = await kit.request(`/sessions/${id.trim() === '' ? '%20' : id}`, { method: 'DELETE', token });
    t.true(response.status >= 400 && response.status < 500, `${id.slice(0, 20)}: ${response.status}`);
  }
});

onEachAdapter('stolen wait: a poll with a wrong secret does not supersede the held poll', {}, async (t, kit) => {
  const session = await kit.logIn();
  const held = await kit.hold(session.token, { after: '' });
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const response = await kit.request('/poll?after=', { token: session.id + 'q'.repeat(40) });
    t.is(response.status, 401);
  }
  t.is(kit.room.held, 1);
  await kit.manager.push(session.id, 'still mine');
  t.is((await held.batch()).messages.length, 1);
});

onEachAdapter(
  'old token after a rotation: it is unknown immediately, and the new one has the mailbox and the cursor',
  {},
  async (t, kit) => {
    const session = await kit.logIn();
    const { cursor } = await kit.poll(session.token, { after: '' });
    const rotated = await kit.manager.rotateToken(session.id);
    await kit.manager.push(session.id, 'after');
    t.is((await kit.request('/poll?after=', { token: session.token })).status, 401);
    const batch = await kit.poll(rotated.token, { after: cursor });
    t.is(batch.messages[0]?.data, 'after');
    t.false('reset' in batch);
  },
);

async function guess(kit: Kit, id: string, count: number): Promise<void> {
  for (let attempt = 0; attempt < count; attempt += 1) {
    await kit.request('/sessions', { token: id + String(attempt).padStart(40, '0') });
  }
}

onAdapter(
  'fastify',
  'keeping a session alive by guessing: a wrong secret does not renew',
  { context: { gcTime: 10_000 } },
  async (t, kit) => {
    const session = await kit.logIn();
    await kit.clock.advance(9_000);
    await guess(kit, session.id, 5);
    t.is((await kit.manager.getSession(session.id)).reads, 0);
    await kit.clock.advance(1_000);
    await until(() => kit.room.held === 0);
    t.is((await kit.request('/sessions', { token: session.token })).status, 401);
  },
);

test('timing: hashes are compared by timingSafeEqual, in one place', async (t) => {
  const folder = new URL('../../../src/store/engine/', import.meta.url);
  for (const name of await readdir(folder)) {
    const source = await readFile(new URL(name, folder), 'utf8');
    t.false(/[sS]ecretHash\s*[!=]==(?! undefined)/.test(source), name);
    if (name !== 'same-hash.ts') t.false(source.includes('timingSafeEqual'), name);
  }
  const source = await readFile(new URL('same-hash.ts', folder), 'utf8');
  const comparison = /function isSameHash\([^)]*\): boolean \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? '';
  t.regex(comparison, /return timingSafeEqual\(/);
  t.false(/(expected|given)\s*[!=]==/.test(comparison));
});

onAdapter('fastify', 'every error is a problem document', {}, async (t, kit) => {
  const responses = [
    await kit.request('/poll'),
    await kit.request('/poll?after=%', { token: 'x' }),
    await kit.request('/sessions'),
  ];
  for (const response of responses) t.true(isProblem(response), response.body);
});
