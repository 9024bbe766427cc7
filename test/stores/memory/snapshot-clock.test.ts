import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import test from 'ava';
import { Container } from 'inversify';
import { Trial } from '../../../src/conformance/trial.js';
import { MemoryStore, memoryStore, SessionContext, SessionManager, sessionModule } from '../../../src/index.js';
import { SystemClock } from '../../../src/time/clock.js';
import { setWallClock } from '../nodes/wall-clock.js';
import { SnapshotFolder } from './snapshot-fixture.js';

const hour = 3_600_000;

test.serial(
  'after the wall clock was set between two runs, a user who has just authenticated again has an age of almost 0',
  async (t) => {
    t.teardown(() => setWallClock(0));
    const folder = await SnapshotFolder.make(t);
    const start = async () => {
      const container = new Container();
      container.load(
        sessionModule(
          {},
          memoryStore({ snapshot: { path: folder.path, warn: (text) => void folder.warnings.push(text) } }),
        ),
      );
      return { container, manager: await container.getAsync(SessionManager) };
    };
    setWallClock(0);
    const before = await start();
    const { id } = await before.manager.createSession('alice');
    await before.container.unbindAllAsync();
    setWallClock(hour);
    const after = await start();
    t.teardown(() => after.container.unbindAllAsync());
    const session = await after.manager.reauthenticated(id);
    t.true(session.authenticationAge < 1_000);
  },
);

test.serial(
  'when the wall clock was set before a restart of the process, a later restart of the machine ends no session',
  async (t) => {
    t.teardown(() => setWallClock(0));
    const folder = await SnapshotFolder.make(t);
    const context = { gcTime: 10_000_000, maxAge: 0 };
    const run = async () => {
      const store = new MemoryStore(new SessionContext(context), new SystemClock(), folder.file());
      const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, context);
      await store.open(trial);
      return trial;
    };
    setWallClock(0);
    const first = await run();
    const { id } = await first.login('alice', { ttl: 600_000 });
    await first.close();
    setWallClock(hour);
    const second = await run();
    await second.store.touch('default', id, { activity: true, ttl: undefined });
    await second.close();
    // Simulates a restart of the machine.
    const text = await readFile(folder.path, 'utf8');
    const lines = text
      .replace(/"boot":\d+/, '"boot":1')
      .split('\n')
      .slice(0, -2)
      .map((line) => `${line}\n`)
      .join('');
    await writeFile(folder.path, `${lines}{"sha256":"${createHash('sha256').update(lines).digest('hex')}"}\n`);
    const third = await run();
    t.deepEqual(folder.warnings, []);
    await t.notThrowsAsync(third.store.get('default', id));
    await third.close();
  },
);
