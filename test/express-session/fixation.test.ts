import test from 'ava';
import { startShop } from './kit.js';
import { webServerNames } from './web-servers.js';

const strict = { store: { allowKeptSid: false } };

for (const name of webServerNames) {
  test(`${name}: a login does not bind its account to a sid that an attacker planted`, async (t) => {
    const { browser, manager } = await startShop(t, name, strict);
    const attacker = browser();
    await attacker.get('change?set={"theme":"dark"}');
    const victim = browser(attacker.cookie);
    const { status, text } = await victim
      .request('login?account=alice')
      .then(async (response) => ({ status: response.status, text: await response.text() }));
    t.true(status >= 400);
    t.regex(
      text,
      /accountId must be bound to a new sid: call req\.session\.regenerate before the login, or set allowKeptSid/,
    );
    t.deepEqual(await manager.sessionsOfAccount('alice'), []);
    t.deepEqual(await attacker.get('look'), { theme: 'dark' });
    await victim.get('login?account=alice&regenerate=yes');
    t.like(await victim.get('look'), { accountId: 'alice' });
    t.not(victim.cookie, attacker.cookie);
    t.deepEqual(await attacker.get('look'), {});
  });

  test(`${name}: a login as another account under the same sid is refused, and a logout needs no new sid`, async (t) => {
    const { browser, manager } = await startShop(t, name, strict);
    const alice = browser();
    await alice.get('login?account=alice&regenerate=yes');
    t.false((await alice.request('login?account=bob')).ok);
    t.like(await alice.get('look'), { accountId: 'alice' });
    t.deepEqual(await manager.sessionsOfAccount('bob'), []);
    await alice.get('logout');
    t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  });

  test(`${name}: with allowKeptSid a login keeps the visitor's sid`, async (t) => {
    const { browser, manager } = await startShop(t, name, { store: { allowKeptSid: true } });
    const visitor = browser();
    await visitor.get('change?set={"theme":"dark"}');
    await visitor.get('login?account=alice');
    t.deepEqual(await visitor.get('look'), { theme: 'dark', accountId: 'alice' });
    t.is((await manager.sessionsOfAccount('alice')).length, 1);
  });
}

for (const name of webServerNames.filter((each) => each !== 'fastify')) {
  test(`${name}: a login after the new session was saved and reloaded binds its account to the new sid`, async (t) => {
    const { browser, manager } = await startShop(t, name, {
      ...strict,
      actions: {
        enter: async (web, query) => {
          if (query.has('regenerate')) await web().regenerate();
          await web().save();
          await web().reload();
          web().data.accountId = 'alice';
          await web().save();
        },
      },
    });
    const visitor = browser();
    await visitor.get('change?set={"theme":"dark"}');
    const before = visitor.cookie;
    t.false((await visitor.request('enter')).ok, 'a reload does not make the sid of a request a new one');
    t.is(visitor.cookie, before);
    await visitor.get('enter?regenerate=yes');
    t.deepEqual(await visitor.get('look'), { accountId: 'alice' });
    t.is((await manager.sessionsOfAccount('alice')).length, 1);
    await browser().get('enter');
    t.is((await manager.sessionsOfAccount('alice')).length, 2, 'a client without a cookie has a new sid');
  });
}
