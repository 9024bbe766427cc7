import test from 'ava';
import { looksOld, OldTokens } from '../../../../src/compat/redis-sessions/class/old-tokens.js';

const rememberFor = 1_000;

/** Returns a resolver of old tokens, and the look-ups that it makes. */
function resolver(app: string, isKnown = true) {
  const asked: string[] = [];
  return {
    app,
    now: 0,
    asked,
    async resolveAlias(token: string) {
      asked.push(token);
      return isKnown ? { token: `${app} ${token}`, rememberFor } : undefined;
    },
  };
}

const oldToken = (each: number) => `${String(each).padStart(55, 'x')}Zmiabcdef`.slice(0, 64);

test('a token of redis-sessions is recognised by its format', (t) => {
  t.true(looksOld(oldToken(1)));
  for (const other of [
    '',
    'x'.repeat(64),
    `${'Z'.repeat(56)}00000000`,
    `${'x'.repeat(55)}Z0000000A`,
    `${oldToken(1)}x`,
  ]) {
    t.false(looksOld(other), other);
  }
});

test('a current token is not looked up', async (t) => {
  const manager = resolver('shop');
  t.is(await new OldTokens().current(manager, 'x'.repeat(64)), 'x'.repeat(64));
  t.deepEqual(manager.asked, []);
});

test('a known old token is looked up once per rememberFor', async (t) => {
  const manager = resolver('shop');
  const tokens = new OldTokens();
  for (manager.now = 0; manager.now < 2 * rememberFor; manager.now += 100) {
    t.is(await tokens.current(manager, oldToken(1)), `shop ${oldToken(1)}`);
  }
  t.is(manager.asked.length, 2);
});

test('an unknown old token is looked up each time, because it may be imported later', async (t) => {
  const manager = resolver('shop', false);
  const tokens = new OldTokens();
  t.is(await tokens.current(manager, oldToken(1)), oldToken(1));
  t.is(await tokens.current(manager, oldToken(1)), oldToken(1));
  t.is(manager.asked.length, 2);
});

test('the same old token in two apps is two sessions', async (t) => {
  const tokens = new OldTokens();
  t.is(await tokens.current(resolver('shop'), oldToken(1)), `shop ${oldToken(1)}`);
  t.is(await tokens.current(resolver('blog'), oldToken(1)), `blog ${oldToken(1)}`);
});

test('at most 10 000 old tokens are remembered, and the oldest is evicted', async (t) => {
  const manager = resolver('shop');
  const tokens = new OldTokens();
  for (let each = 0; each < 10_001; each += 1) await tokens.current(manager, oldToken(each));
  const asked = manager.asked.length;
  await tokens.current(manager, oldToken(10_000));
  t.is(manager.asked.length, asked);
  await tokens.current(manager, oldToken(0));
  t.is(manager.asked.length, asked + 1);
});
