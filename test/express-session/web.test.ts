import test from 'ava';
import { eventually } from '../support/eventually.js';
import { changing, Gates, startShop, storeNames, storesFor } from './kit.js';
import { webServerNames } from './web-servers.js';

const bindingOf = storesFor(test);

for (const server of webServerNames) {
  for (const storeName of storeNames) {
    const title = (fact: string) => `${server} over ${storeName}: ${fact}`;

    test(title('a request sees what the previous request has set, and not what it has deleted'), async (t) => {
      const { browser } = await startShop(t, server, { binding: bindingOf(storeName) });
      const alice = browser();
      t.deepEqual(await alice.get('look'), {});
      await alice.get(changing({ theme: 'dark', cart: [1, { two: null }], nothing: null }));
      t.deepEqual(await alice.get('look'), { theme: 'dark', cart: [1, { two: null }], nothing: null });
      await alice.get(changing({ theme: null }, '&delete=cart&delete=nothing'));
      t.deepEqual(await alice.get('look'), { theme: null });
      t.deepEqual(await browser().get('look'), {});
    });

    test(
      title(
        'a login binds the session to the account, its data is stored as attributes, and revoking it empties req.session',
      ),
      async (t) => {
        const { browser, manager, visitors } = await startShop(t, server, { binding: bindingOf(storeName) });
        const alice = browser();
        await alice.get(changing({ theme: 'dark' }));
        t.deepEqual((await manager.sessionsOfApp()).sessions, []);
        await alice.get('login?account=alice');
        t.deepEqual(await alice.get('look'), { theme: 'dark', accountId: 'alice' });
        const [login, ...others] = await manager.sessionsOfAccount('alice');
        t.is(others.length, 0);
        t.is(login?.getAttr('theme'), 'dark');
        await login?.setAttr('theme', 'light');
        await login?.setAttr('unread', 3);
        t.deepEqual(await alice.get('look'), { theme: 'light', unread: 3, accountId: 'alice' });
        t.is((await visitors.sessionsOfApp()).sessions.length, 1);
        await login?.close('revoked');
        t.deepEqual(await alice.get('look'), {});
        t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
      },
    );

    test(
      title('deleting accountId ends the login session and keeps the other data; a later login counts once'),
      async (t) => {
        const { browser, manager } = await startShop(t, server, {
          binding: bindingOf(storeName),
          context: { maxSession: 1 },
        });
        const alice = browser();
        for (let round = 1; round <= 3; round += 1) {
          await alice.get(`login?account=alice&set=${JSON.stringify({ round })}`);
          t.deepEqual(await alice.get('look'), { round, accountId: 'alice' });
          t.is((await manager.sessionsOfAccount('alice')).length, 1);
          await alice.get('logout');
          t.deepEqual(await alice.get('look'), { round });
          t.deepEqual(await manager.sessionsOfAccount('alice'), []);
        }
      },
    );

    test(title('regenerate counts once toward maxSession, and the old sid has no session'), async (t) => {
      const { browser, manager } = await startShop(t, server, {
        binding: bindingOf(storeName),
        context: { maxSession: 1, onMaxSession: 'reject' },
      });
      const alice = browser();
      await alice.get(changing({ visits: 1 }));
      const attacker = browser(alice.cookie);
      await alice.get('login?account=alice&regenerate');
      t.not(alice.cookie, attacker.cookie);
      t.deepEqual(await attacker.get('look'), {});
      t.deepEqual(await alice.get('look'), { accountId: 'alice' });
      await alice.get('login?account=alice&regenerate');
      t.deepEqual(await alice.get('look'), { accountId: 'alice' });
      t.is((await manager.sessionsOfAccount('alice')).length, 1);
      const error = await t.throwsAsync(browser().get('login?account=alice'));
      t.regex(error?.message ?? '', /at most maxSession/);
      t.is((await manager.sessionsOfAccount('alice')).length, 1);
    });

    test(title('destroy ends the login, and a request that saves after it revives nothing'), async (t) => {
      const { browser, manager, visitors, gates, store } = await startShop(t, server, {
        binding: bindingOf(storeName),
      });
      const alice = browser();
      await alice.get('login?account=alice');
      const sid = String(await alice.get('sid'));
      const slow = browser(alice.cookie).get(changing({ late: true }, '&gate=late'));
      await eventually(() => gates.of('late').arrived === 1);
      await alice.get('destroy');
      gates.of('late').open();
      await slow;
      t.deepEqual(await manager.sessionsOfAccount('alice'), []);
      t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
      t.is(await store.get(sid), undefined);
    });

    test(title('of concurrent requests that change different keys, none loses its change'), async (t) => {
      const { browser, gates } = await startShop(t, server, { binding: bindingOf(storeName) });
      for (const account of [undefined, 'alice']) {
        const alice = browser();
        await alice.get(changing({ a: 0, b: 0, gone: 1 }));
        if (account !== undefined) await alice.get(`login?account=${account}`);
        const paths = [changing({ a: 1 }), changing({ b: 2 }), changing({}, '&delete=gone')];
        const gateOf = (each: number) => `${account}-${each}`;
        const requests = paths.map((path, each) => browser(alice.cookie).get(`${path}&gate=${gateOf(each)}`));
        await eventually(() => paths.every((_path, each) => gates.of(gateOf(each)).arrived === 1));
        // All requests have loaded the session. Now they save it one after the other.
        for (const [each, request] of requests.entries()) {
          gates.of(gateOf(each)).open();
          await request;
        }
        t.deepEqual(await alice.get('look'), { a: 1, b: 2, ...(account && { accountId: account }) });
      }
    });

    test(title('requests do not change attributes that have the names of members of the session object'), async (t) => {
      const { browser, manager } = await startShop(t, server, { binding: bindingOf(storeName) });
      const alice = browser();
      await alice.get('login?account=alice');
      const [login] = await manager.sessionsOfAccount('alice');
      const taken = ['id', 'req', 'sessionId', 'encryptedSessionId', 'toString', 'hasOwnProperty'];
      for (const name of taken) await login?.setAttr(name, 'mine');
      await alice.get(changing({ a: 1 }));
      const [after] = await manager.sessionsOfAccount('alice');
      t.deepEqual(
        taken.filter((name) => after?.getAttr(name) !== 'mine'),
        [],
      );
      t.is(after?.getAttr('a'), 1);
    });

    test(title('concurrent logins with one cookie make one session'), async (t) => {
      const { browser, manager, gates } = await startShop(t, server, {
        binding: bindingOf(storeName),
        context: { maxSession: 1 },
      });
      const alice = browser();
      await alice.get(changing({ a: 0 }));
      const requests = Array.from({ length: 5 }, (_, each) => {
        const set = encodeURIComponent(JSON.stringify({ [`key${each}`]: each }));
        return browser(alice.cookie).get(`login?account=alice&gate=both&set=${set}`);
      });
      await eventually(() => gates.of('both').arrived === 5);
      gates.of('both').open();
      await Promise.all(requests);
      t.is((await manager.sessionsOfAccount('alice')).length, 1);
      const all = { a: 0, key0: 0, key1: 1, key2: 2, key3: 3, key4: 4, accountId: 'alice' };
      t.deepEqual(await alice.get('look'), all);
    });

    test(title('a change of account ends the old login, and keeps the data'), async (t) => {
      const { browser, manager } = await startShop(t, server, { binding: bindingOf(storeName) });
      const browserOfBoth = browser();
      await browserOfBoth.get(changing({ theme: 'dark' }));
      await browserOfBoth.get('login?account=alice');
      await browserOfBoth.get('login?account=bob');
      t.deepEqual(await browserOfBoth.get('look'), { theme: 'dark', accountId: 'bob' });
      t.deepEqual(await manager.sessionsOfAccount('alice'), []);
      t.is((await manager.sessionsOfAccount('bob')).length, 1);
    });

    test(title('a reload drops unsaved changes; a later save stores only what changed since the reload'), async (t) => {
      const gates = new Gates();
      const { browser } = await startShop(t, server, {
        binding: bindingOf(storeName),
        actions: {
          reloading: async (web) => {
            await gates.pass('reloading');
            await web().reload();
            web().data.mine = true;
          },
        },
      });
      const alice = browser();
      await alice.get(changing({ a: 1 }));
      await alice.get('reload');
      t.deepEqual(await alice.get('look'), { a: 1 });
      const reloading = browser(alice.cookie).get('reloading');
      await eventually(() => gates.of('reloading').arrived === 1);
      await alice.get(changing({ a: 2 }));
      gates.of('reloading').open();
      await reloading;
      t.deepEqual(await alice.get('look'), { a: 2, mine: true });
    });

    test(
      title('a session without changes is not written, and an unknown or forged cookie creates no session'),
      async (t) => {
        const { browser, visitors } = await startShop(t, server, { binding: bindingOf(storeName) });
        await browser().get('look');
        await browser('connect.sid=s%3Aforged.signature').get('look');
        await browser('connect.sid=forged').get('look');
        t.deepEqual((await visitors.sessionsOfApp()).sessions, []);
        const alice = browser();
        await alice.get(changing({ a: 1 }));
        const [before] = (await visitors.sessionsOfApp()).sessions;
        await alice.get('look');
        const [after] = (await visitors.sessionsOfApp()).sessions;
        t.is(after?.writes, before?.writes);
      },
    );
  }
}
