import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { isSameHash } from '../../../src/store/engine/same-hash.js';
import { SessionEngine } from '../../../src/store/engine/session-engine.js';
import { hashSecret } from '../../../src/store/session-token.js';
import { MemoryNotices } from '../../../src/stores/memory/memory-notices.js';
import { MemoryTables } from '../../../src/stores/memory/memory-tables.js';

const app = 'default';
const id = 'a'.repeat(24);
const right = hashSecret('right');
const wrong = hashSecret('wrong');

function started(): SessionEngine {
  const context = new SessionContext({ gcTime: 100 });
  const engine = new SessionEngine({
    context,
    tables: new MemoryTables(),
    notices: new MemoryNotices(),
    node: undefined,
  });
  const rest = { ip: '', userAgent: '', attributes: {}, ttl: 100, maxAge: 0, maxSession: 0 };
  engine.insert({ app, id, accountId: 'alice', secretHash: right, ...rest }, 0);
  return engine;
}

test('only equal hashes of the right length match', (t) => {
  t.true(isSameHash(right, right));
  for (const other of [wrong, '', right.slice(1), `${right}x`, right.toLowerCase(), `${right.slice(0, -1)}!`]) {
    t.false(isSameHash(right, other), other);
  }
});

test('a text that is no hash equals none, also not the hash that was compared before', (t) => {
  for (const none of ['', right.slice(0, 42), `${right}x`]) {
    t.true(isSameHash(right, right));
    t.false(isSameHash(none, right), none);
    t.false(isSameHash(none, none), none);
  }
});

const asBearer: Readonly<Record<string, (engine: SessionEngine, hash: string, now: number) => unknown>> = {
  authenticate: (engine, hash, now) => engine.authenticate(app, id, hash, now),
  patchAsBearer: (engine, hash, now) => engine.patchAsBearer(app, id, hash, { key: '1' }, now),
  read: (engine, hash, now) =>
    engine.read(
      app,
      id,
      { reader: 'tab', after: '', limit: 1, wait: 0, secretHash: hash, generation: undefined, ticket: 1 },
      now,
    ),
};

for (const [name, operation] of Object.entries(asBearer)) {
  test(`${name} answers a wrong secret like an unknown session, for live, expired and closed sessions`, (t) => {
    const engine = started();
    t.notThrows(() => operation(engine, right, 1));
    t.throws(() => operation(engine, wrong, 1), { code: 'SESSION_UNKNOWN' });
    t.throws(() => operation(engine, wrong, 200), { code: 'SESSION_UNKNOWN' });
    t.throws(() => operation(engine, right, 200), { code: 'SESSION_CLOSED' });
    engine.sweep(10, 200);
    t.throws(() => operation(engine, wrong, 200), { code: 'SESSION_UNKNOWN' });
    t.throws(() => operation(engine, right, 200), { code: 'SESSION_CLOSED' });
  });
}

test('endAsBearer with a wrong secret ends nothing', (t) => {
  const engine = started();
  t.is(engine.endAsBearer(app, id, wrong, 'logout', 1), undefined);
  t.is(engine.get(app, id, 1).id, id);
  t.is(engine.endAsBearer(app, id, right, 'logout', 1)?.id, id);
});
