import { onEachAdapter, until } from '../support/http-kit.js';

onEachAdapter(
  'cookie tossing: a `sid` planted next to `__Host-sid` is ignored',
  { http: { secure: true } },
  async (t, kit) => {
    const [mine, planted] = [await kit.logIn('alice'), await kit.logIn('mallory')];
    await kit.manager.push(mine.id, 'for alice');
    for (const cookie of [
      `sid=${planted.token}; __Host-sid=${mine.token}`,
      `__Host-sid=${mine.token}; sid=${planted.token}`,
      `__host-sid=${planted.token}; __Host-sid=${mine.token}`,
      ` __Host-sid =${planted.token}; __Host-sid=${mine.token}`,
      `x__Host-sid=${planted.token}; __Host-sid=${mine.token}`,
      `\xa0__Host-sid=${planted.token}; __Host-sid=${mine.token}`,
      `__Host-sid=${mine.token}; \x85__Host-sid=${planted.token}`,
      `__Host-sid=of-another-application; __Host-sid=${mine.token}`,
    ]) {
      const response = await kit.request('/poll?wait=0&after=', { cookie });
      t.is(response.status, 200, cookie.replaceAll(/[0-9A-Za-z]{64}/g, '…'));
      t.true(response.body.includes('for alice'));
    }
    const refused = [`sid=${planted.token}`, `\xa0__Host-sid=${planted.token}`];
    for (const cookie of [...refused, `__Host-sid=${planted.token}; __Host-sid=${mine.token}`]) {
      for (const path of ['/poll?wait=0&after=', '/sessions']) t.is((await kit.request(path, { cookie })).status, 401);
    }
  },
);

onEachAdapter('malformed cookies are ignored and never cause a 500', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const garbage = ['=', ';;;', 'sid', 'sid=', '=sid', 'sid=%E0%A4%A', 'sid="', 'a=b=c', '\u00ff=\u00fe', '__proto__=x'];
  for (const each of garbage) {
    t.is((await kit.request('/sessions', { cookie: each })).status, 401, each);
    t.is((await kit.request('/sessions', { cookie: `${each}; sid=${token}` })).status, 200, each);
  }
  const many = Array.from({ length: 500 }, (_, index) => `c${index}=x`).join('; ');
  t.is((await kit.request('/sessions', { cookie: `${many}; sid=${token}` })).status, 200);
});

onEachAdapter(
  'of several cookies `sid`, the only live one counts; if two are live, none counts',
  {},
  async (t, kit) => {
    const [mine, other] = [await kit.logIn('alice'), await kit.logIn('bob')];
    await kit.manager.push(mine.id, 'for alice');
    const unknown = '0'.repeat(64);
    for (const cookie of [
      `sid=!!!; sid=${mine.token}`,
      `sid=${unknown}; sid=${mine.token}`,
      `sid=${mine.token}; sid=x`,
    ]) {
      const { sessions } = JSON.parse((await kit.request('/sessions', { cookie })).body);
      t.is(sessions[0].id, mine.id);
      t.true((await kit.request('/poll?wait=0&after=', { cookie })).body.includes('for alice'));
    }
    for (const cookie of [`sid=${mine.token}; sid=${other.token}`, `sid=${other.token}; sid=${mine.token}`]) {
      t.is((await kit.request('/sessions', { cookie })).status, 401);
      t.is((await kit.request('/poll?wait=0&after=', { cookie })).status, 401);
    }
    await other.close();
    t.is((await kit.request('/sessions', { cookie: `sid=${other.token}; sid=${mine.token}` })).status, 200);
    const tokens = ['1', '2', '3', '4'].map((digit) => `sid=${digit.repeat(64)}`).join('; ');
    for (const path of ['/poll?wait=0&after=', '/sessions']) {
      t.is((await kit.request(path, { cookie: `sid=${mine.token}; ${tokens}` })).status, 401);
    }
  },
);

onEachAdapter('a poll with several cookies `sid` is held, answered by a push, and cancelled', {}, async (t, kit) => {
  const { id, token } = await kit.logIn();
  const cookie = `sid=${'0'.repeat(64)}; sid=${token}`;
  const connection = await kit.open();
  connection.send('/poll?after=', { cookie });
  await until(() => kit.room.held === 1);
  await kit.manager.push(id, 'hello');
  t.true((await connection.response()).body.includes('hello'));
  connection.send('/poll?after=&reader=another&limit=1', { cookie });
  t.true((await connection.response()).body.includes('hello'));
  const { cursor } = await kit.poll(token, { after: '' });
  connection.send(`/poll?after=${cursor}`, { cookie });
  await until(() => kit.room.held === 1);
  connection.reset();
  await until(() => kit.room.held === 0);
  t.pass();
});

onEachAdapter('cookies in several headers are read like one header', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const connection = await kit.open();
  const head = `GET /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: theme=dark\r\nCookie: sid=${token}\r\n\r\n`;
  t.is((await connection.sendRaw(head).response()).status, 200);
});

onEachAdapter('several Authorization headers: only one counts, and they never cause a 500', {}, async (t, kit) => {
  const [mine, other] = [await kit.logIn('alice'), await kit.logIn('bob')];
  const connection = await kit.open();
  const lines = [mine, other].map(({ token }) => `Authorization: Bearer ${token}\r\n`).join('');
  const response = await connection.sendRaw(`GET /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n`).response();
  t.true(response.status === 200 || response.status === 401);
  t.false(response.body.includes(other.id));
});
