import { onEachAdapter } from '../support/http-kit.js';

onEachAdapter(
  'cookie tossing: a `sid` planted beside `__Host-sid` is ignored',
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
    ]) {
      const response = await kit.request('/poll?wait=0&after=', { cookie });
      t.is(response.status, 200, cookie.replaceAll(/[0-9A-Za-z]{64}/g, '…'));
      t.true(response.body.includes('for alice'));
    }
    t.is((await kit.request('/poll?wait=0', { cookie: `sid=${planted.token}` })).status, 401);
  },
);

onEachAdapter('garbage cookies are ignored, never a 500', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const garbage = ['=', ';;;', 'sid', 'sid=', '=sid', 'sid=%E0%A4%A', 'sid="', 'a=b=c', '\u00ff=\u00fe', '__proto__=x'];
  for (const each of garbage) {
    t.is((await kit.request('/sessions', { cookie: each })).status, 401, each);
    t.is((await kit.request('/sessions', { cookie: `${each}; sid=${token}` })).status, 200, each);
  }
  const many = Array.from({ length: 500 }, (_, index) => `c${index}=x`).join('; ');
  t.is((await kit.request('/sessions', { cookie: `${many}; sid=${token}` })).status, 200);
});

onEachAdapter('duplicate cookies: the first with the form of a token counts, and none is a 500', {}, async (t, kit) => {
  const [mine, other] = [await kit.logIn('alice'), await kit.logIn('bob')];
  const accountOf = async (cookie: string) => {
    const { sessions } = JSON.parse((await kit.request('/sessions', { cookie })).body);
    return sessions[0].id;
  };
  t.is(await accountOf(`sid=${mine.token}; sid=${other.token}`), mine.id);
  t.is(await accountOf(`sid=!!!; sid=${mine.token}`), mine.id);
  t.is((await kit.request('/sessions', { cookie: `sid=x; sid=${mine.token}` })).status, 401);
});

onEachAdapter('cookies in several headers are read as one', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const connection = await kit.open();
  const head = `GET /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: theme=dark\r\nCookie: sid=${token}\r\n\r\n`;
  t.is((await connection.sendRaw(head).response()).status, 200);
});

onEachAdapter('several Authorization headers: only one counts, and none is a 500', {}, async (t, kit) => {
  const [mine, other] = [await kit.logIn('alice'), await kit.logIn('bob')];
  const connection = await kit.open();
  const lines = [mine, other].map(({ token }) => `Authorization: Bearer ${token}\r\n`).join('');
  const response = await connection.sendRaw(`GET /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines}\r\n`).response();
  t.true(response.status === 200 || response.status === 401);
  t.false(response.body.includes(other.id));
});
