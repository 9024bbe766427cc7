import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as pauseFor } from 'node:timers/promises';
import test from 'ava';
import { Container } from 'inversify';
import { Trial, valuesOf } from '../../../src/conformance/trial.js';
import { MemoryStore, memoryStore, SessionContext, SessionManager, sessionModule } from '../../../src/index.js';
import { SystemClock } from '../../../src/time/clock.js';
import { setWallClock } from '../nodes/wall-clock.js';
import { SnapshotFolder } from './snapshot-fixture.js';

test.serial('a stop during closeApp does not lose the other sessions', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const start = async () => {
    const container = new Container();
    const snapshot = { path: folder.path, warn: (text: string) => void folder.warnings.push(text) };
    container.load(sessionModule({ maxSession: 0 }, memoryStore({ snapshot })));
    return { container, manager: await container.getAsync(SessionManager) };
  };
  const before = await start();
  const kept = await before.manager.inApp('kept').createSession('alice');
  for (let each = 0; each < 8_000; each += 1) await before.manager.inApp('ended').createSession(`account-${each}`);
  const ending = before.manager.inApp('ended').closeApp();
  await before.container.unbindAllAsync();
  await ending.catch(() => {});
  const after = await start();
  t.teardown(() => after.container.unbindAllAsync());
  t.deepEqual(folder.warnings, []);
  t.is((await after.manager.inApp('kept').getSession(kept.id)).accountId, 'alice');
});

test.serial('when the wall clock was set between two runs, no message is dropped early or kept longer', async (t) => {
  t.teardown(() => setWallClock(0));
  const context = { gcTime: 10_000_000, maxAge: 0 };
  for (const set of [3_600_000, -3_600_000]) {
    const folder = await SnapshotFolder.make(t);
    const run = async (messageTtl: number) => {
      const store = new MemoryStore(new SessionContext({ ...context, messageTtl }), new SystemClock(), folder.file());
      const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, context);
      await store.open(trial);
      return trial;
    };
    setWallClock(0);
    const before = await run(60_000);
    const { id } = await before.login();
    await before.push(id, 'kept');
    await before.close();
    setWallClock(set);
    const after = await run(set > 0 ? 60_000 : 1);
    await pauseFor(10);
    t.deepEqual(valuesOf(await after.read(id)), set > 0 ? ['kept'] : [], `set by ${set} ms`);
    await after.close();
  }
});

test.serial('the removal of a restored snapshot is made durable', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  await before.login();
  await before.close();
  const events: string[] = [];
  const { rm, open } = fs.promises;
  fs.promises.rm = async (path, options) => {
    await rm(path, options);
    if (path === folder.path) events.push('removed');
  };
  fs.promises.open = async (path, ...rest) => {
    const handle = await open(path, ...rest);
    const { sync } = handle;
    handle.sync = async () => {
      if (path === folder.folder) events.push('folder synced');
      return sync.call(handle);
    };
    return handle;
  };
  syncBuiltinESMExports();
  t.teardown(() => {
    Object.assign(fs.promises, { rm, open });
    syncBuiltinESMExports();
  });
  const after = await folder.start();
  t.deepEqual(events, ['removed', 'folder synced']);
  await after.close();
});

test.serial('a folder that can not be synced loses no session: stop and start warn and succeed', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const before = await folder.start();
  const { id } = await before.login();
  const { open } = fs.promises;
  fs.promises.open = async (path, ...rest) => {
    const handle = await open(path, ...rest);
    if (path === folder.folder) {
      // As where the system can't sync a folder.
      handle.sync = () => Promise.reject(new Error('EPERM: operation not permitted, fsync'));
    }
    return handle;
  };
  syncBuiltinESMExports();
  t.teardown(() => {
    Object.assign(fs.promises, { open });
    syncBuiltinESMExports();
  });
  await before.close();
  const after = await folder.start();
  t.is((await after.store.get('default', id)).id, id);
  t.is(folder.warnings.length, 2);
  for (const warning of folder.warnings) t.regex(warning, /can't be synced.*EPERM/);
  await after.close();
});
