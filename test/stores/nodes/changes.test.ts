import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  type CloseReason,
  GcProcessor,
  memoryStore,
  type SessionChange,
  type SessionManager,
  type StoreBinding,
} from '../../../src/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { sqliteStore } from '../../../src/stores/sqlite/index.js';
import { eventually } from '../../support/eventually.js';
import { startService } from '../../support/service.js';
import { freshPrefix } from '../redis/exact-clock.js';
import { serverFor } from '../redis/places.js';

const server = serverFor(test);

/** Each function returns a binding that several nodes use to share one store. */
const stores: Readonly<Record<string, (t: ExecutionContext) => Promise<() => StoreBinding>>> = {
  SQLite: async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'changes-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    return () => sqliteStore({ path: join(folder, 'sessions.db'), lookInterval: 10 });
  },
  Redis: async () => {
    const keyPrefix = freshPrefix();
    return () => redisStore({ url: server().url, keyPrefix });
  },
};

/** The changes that a watcher received, as `<kind or close reason> <app> <account> <id>`. */
class Heard {
  readonly texts: string[] = [];

  static async by(manager: SessionManager): Promise<Heard> {
    const heard = new Heard();
    await manager.watchChanges({
      changed: (app, id, change) => heard.texts.push(textOf(change, app, id)),
      interrupted: () => heard.texts.push('interrupted'),
      resumed: () => heard.texts.push('resumed'),
    });
    return heard;
  }

  async until(text: string): Promise<void> {
    await eventually(() => this.texts.includes(text), { what: text });
  }
}

function textOf(change: SessionChange, app: string, id: string): string {
  if (change.kind === 'patched') return `patched ${app} ${id}`;
  return `${change.kind === 'closed' ? change.reason : change.kind} ${app} ${change.accountId} ${id}`;
}

for (const [name, prepare] of Object.entries(stores)) {
  test(`${name}: a node receives what another node creates, rotates, patches and closes, in order and once`, async (t) => {
    const binding = await prepare(t);
    const one = await startService(t, { maxSession: 1, onMaxSession: 'evict-oldest' }, { store: binding() });
    const other = await startService(t, { maxSession: 1, onMaxSession: 'evict-oldest' }, { store: binding() });
    const [here, there] = [await Heard.by(one.manager), await Heard.by(other.manager)];
    const shop = other.manager.inApp('shop');
    const first = await shop.createSession('a:b');
    await shop.rotateToken(first.id);
    await shop.patchSession(first.id, { theme: 'dark' });
    const second = await shop.createSession('a:b');
    await second.destroy();
    const expected = [
      `created shop a:b ${first.id}`,
      `rotated shop a:b ${first.id}`,
      `patched shop ${first.id}`,
      // The login evicts in the same step.
      `evicted shop a:b ${first.id}`,
      `created shop a:b ${second.id}`,
      `logout shop a:b ${second.id}`,
    ];
    await here.until(expected.at(-1) ?? '');
    await there.until(expected.at(-1) ?? '');
    t.deepEqual(here.texts, expected);
    t.deepEqual(there.texts, expected, 'the node that made the changes hears the same');
    t.deepEqual(one.events.names, [], 'events of the manager are those of its own node');
  });

  test(`${name}: an expired session is one change at every node, no matter which node swept it`, async (t) => {
    const binding = await prepare(t);
    const settings = { gcTime: 1, gcInterval: 2_000_000_000 };
    const one = await startService(t, settings, { store: binding() });
    const other = await startService(t, settings, { store: binding() });
    const heard = await Heard.by(one.manager);
    const { id } = await other.manager.createSession('alice');
    await one.clock.advance(10);
    await other.clock.advance(10);
    const gc = [one, other].map(({ container }) => container.get(GcProcessor));
    await eventually(
      async () => {
        for (const each of gc) await each.sweep();
        return heard.texts.includes(`expired default alice ${id}`);
      },
      { what: 'the session expires' },
    );
    t.deepEqual(heard.texts, [`created default alice ${id}`, `expired default alice ${id}`]);
  });
}

test('memory: the manager of any app receives the changes of all apps', async (t) => {
  const { manager } = await startService(t, {}, { store: memoryStore() });
  const heard = await Heard.by(manager.inApp('watching'));
  const { id } = await manager.createSession('alice');
  t.deepEqual(heard.texts, [`created default alice ${id}`], 'before the caller has the session');
  await manager.closeSession(id);
  t.deepEqual(heard.texts.slice(1), [`revoked default alice ${id}`]);
});

// Serial, because the test counts the warnings of the process.
test.serial(
  'a watcher may call the manager, and a watcher that throws is reported and disturbs no operation',
  async (t) => {
    const { manager } = await startService(t, { maxSession: 1, onMaxSession: 'evict-oldest' });
    const warnings: string[] = [];
    const warned = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', warned);
    t.teardown(() => process.off('warning', warned));
    const reasons: (CloseReason | undefined)[] = [];
    await manager.watchChanges({
      changed: (_app, id, change) => {
        if (change.kind === 'created') void manager.closeSession(id);
        else if (change.kind === 'closed') reasons.push(change.reason);
        throw new Error('the fault of the watcher');
      },
      interrupted() {},
      resumed() {},
    });
    t.is((await manager.createSession('alice')).accountId, 'alice');
    t.is((await manager.createSession('alice')).accountId, 'alice');
    await eventually(() => warnings.length >= 4);
    t.deepEqual(reasons, ['revoked', 'revoked']);
    t.deepEqual([...new Set(warnings)], ['A watcher of changes threw']);
  },
);

test('a watcher without its methods is refused', async (t) => {
  const { manager } = await startService(t);
  for (const watcher of [undefined, null, {}, { changed() {}, interrupted() {} }]) {
    // @ts-expect-error as JavaScript may call it
    await t.throwsAsync(manager.watchChanges(watcher), { code: 'INVALID_ARGUMENT', message: /^watcher must be/ });
  }
});
