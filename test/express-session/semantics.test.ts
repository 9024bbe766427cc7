import test from 'ava';
import { eventually } from '../support/eventually.js';
import { changing, startShop, storesFor } from './kit.js';
import { startWeb, webServerNames } from './web-servers.js';

const bindingOf = storesFor(test);

for (const server of webServerNames) {
  const title = (fact: string) => `${server}: ${fact}`;

  test(title('saveUninitialized stores a session without data, and sets its cookie'), async (t) => {
    const { browser, visitors } = await startShop(t, server, { web: { saveUninitialized: true } });
    const alice = browser();
    await alice.get('look');
    t.regex(alice.cookie ?? '', /^connect\.sid=s%3A/);
    const [visitor] = (await visitors.sessionsOfApp()).sessions;
    await alice.get('look');
    t.deepEqual(
      (await visitors.sessionsOfApp()).sessions.map(({ id }) => id),
      [visitor?.id],
    );
  });

  test(title('with `rolling` each answer renews the session and sets its cookie again'), async (t) => {
    const maxAge = 60_000;
    const { browser, store } = await startShop(t, server, { web: { rolling: true, cookie: { maxAge } } });
    const alice = browser();
    await alice.get(changing({ a: 1 }));
    const before = await store.sessionOf(String(await alice.get('sid')));
    const answer = await alice.request('look');
    t.true(answer.headers.getSetCookie().some((line) => /expires=/i.test(line)));
    const after = await store.sessionOf(String(await alice.get('sid')));
    // express-session subtracts two readings of the clock. Some milliseconds may pass between them.
    for (const session of [before, after]) t.true(maxAge - (session?.ttl ?? 0) < 10_000);
    t.true((after?.lastTime ?? 0) >= (before?.lastTime ?? Number.POSITIVE_INFINITY));
  });

  test(title('a session without requests expires with the age of its cookie'), async (t) => {
    const { browser, store, manager } = await startShop(t, server, {
      web: { cookie: { maxAge: 200 } },
      context: { gcInterval: 10 },
    });
    const alice = browser();
    await alice.get('login?account=alice');
    const sid = String(await alice.get('sid'));
    await eventually(async () => (await store.get(sid)) === undefined);
    t.deepEqual(await alice.get('look'), {});
    t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  });

  test(title('a key that is set to undefined is deleted; for the account key this is a logout'), async (t) => {
    const { browser, manager } = await startShop(t, server, {
      actions: {
        clear: (web) => {
          web().data.theme = undefined;
        },
        leave: async (web) => {
          web().data.accountId = undefined;
          await web().save();
        },
      },
    });
    const alice = browser();
    await alice.get('login?account=alice&regenerate=1');
    await alice.get(changing({ theme: 'dark' }));
    await alice.get('clear');
    t.deepEqual(await alice.get('look'), { accountId: 'alice' });
    await alice.get('leave');
    t.deepEqual(await alice.get('look'), {});
    t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  });

  test(title('an age that a request sets on the cookie applies to the next request'), async (t) => {
    const { browser, store } = await startShop(t, server, {
      actions: {
        rememberMe: (web) => {
          web().data.cookie.maxAge = 86_400_000;
          web().data.theme = 'dark';
        },
      },
    });
    const alice = browser();
    await alice.get(changing({ a: 1 }));
    await alice.get('rememberMe');
    const { originalMaxAge } = (await alice.get('cookie')) as { readonly originalMaxAge: unknown };
    const ttl = (await store.sessionOf(String(await alice.get('sid'))))?.ttl;
    // express-session reads the clock twice whenever it sets an age. Some milliseconds may pass in between.
    for (const age of [originalMaxAge, ttl]) {
      const missing = 86_400_000 - Number(age);
      t.true(missing >= 0 && missing < 10_000, String(age));
    }
  });

  if (server !== 'fastify') {
    test(
      title('a cookie without an age replaces the one with an age once a request has set `expires` to false'),
      async (t) => {
        const { browser } = await startShop(t, server, {
          web: { cookie: { maxAge: 86_400_000 } },
          actions: { forgetMe: (web) => Object.assign(web().data.cookie, { expires: false }) && null },
        });
        const alice = browser();
        await alice.get(changing({ a: 1 }));
        await alice.get('forgetMe');
        for (const b of [1, 2]) {
          const [line = ''] = (await alice.request(changing({ b }))).headers.getSetCookie();
          t.regex(line, /^connect\.sid=/);
          t.notRegex(line, /expires=/i);
        }
      },
    );
  }

  test(title('two servers over one Redis share a session, and each sees the logouts of the other'), async (t) => {
    const binding = bindingOf('redis');
    const one = await startShop(t, server, { binding });
    const other = await startShop(t, server, { binding });
    const alice = one.browser();
    await alice.get(changing({ theme: 'dark' }));
    const there = other.browser(alice.cookie);
    t.deepEqual(await there.get('look'), { theme: 'dark' });
    await alice.get('login?account=alice');
    t.deepEqual(await there.get('look'), { theme: 'dark', accountId: 'alice' });
    await there.get('login?account=bob');
    t.deepEqual(await alice.get('look'), { theme: 'dark', accountId: 'bob' });
    await there.get('logout');
    t.deepEqual(await alice.get('look'), { theme: 'dark' });
    await alice.get('login?account=alice');
    await other.manager.closeAccount('alice');
    t.deepEqual(await alice.get('look'), {});
    t.deepEqual(await there.get('look'), {});
  });
}

for (const server of ['express', 'express4'] as const) {
  const title = (fact: string) => `${server}: ${fact}`;

  test(title('resave overwrites no change of another request, and revives no ended session'), async (t) => {
    const { browser, gates, manager } = await startShop(t, server, { web: { resave: true } });
    const alice = browser();
    await alice.get(`login?account=alice&set=${JSON.stringify({ a: 1 })}`);
    const slow = browser(alice.cookie).get(changing({}, '&gate=slow'));
    await eventually(() => gates.of('slow').arrived === 1);
    await alice.get(changing({ a: 2 }));
    gates.of('slow').open();
    await slow;
    t.deepEqual(await alice.get('look'), { a: 2, accountId: 'alice' });
    const late = browser(alice.cookie).get(changing({}, '&gate=late'));
    await eventually(() => gates.of('late').arrived === 1);
    await manager.closeAccount('alice');
    gates.of('late').open();
    await late;
    t.deepEqual(await alice.get('look'), {});
    t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  });

  test(title('a login has the address and the user agent of its request'), async (t) => {
    const { browser, manager } = await startShop(t, server);
    await browser().request('login?account=alice', { headers: { 'user-agent': 'Agent/1.0' } });
    const [login] = await manager.sessionsOfAccount('alice');
    t.is(login?.userAgent, 'Agent/1.0');
    t.regex(login?.ip ?? '', /127\.0\.0\.1$/);
  });
}

test('express and fastify servers share a session by its cookie', async (t) => {
  const { browser, store, manager } = await startShop(t, 'express');
  const actions = {
    set: (web: () => { readonly data: Record<string, unknown> }) => {
      Object.assign(web().data, { fromFastify: true });
    },
  };
  const web = await startWeb('fastify', { store, manager, actions, options: {} });
  t.teardown(() => web.close());
  const alice = browser();
  await alice.get(changing({ fromExpress: true }));
  const answer = await fetch(`http://127.0.0.1:${web.port}/set`, { headers: { cookie: alice.cookie ?? '' } });
  t.true(answer.ok);
  t.deepEqual(await alice.get('look'), { fromExpress: true, fromFastify: true });
});
