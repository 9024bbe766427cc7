import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { Container } from 'inversify';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import { SessionContext, SessionManager, SessionStore, sessionModule } from '../../src/index.js';
import { SqliteStore } from '../../src/stores/sqlite/sqlite-store.js';
import { loadedSession, sessionData } from './session-data.js';

test('over SQLite a save stores the changes and renews the session in one step', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'one-step-'));
  const steps: string[] = [];
  class CountedStore extends SqliteStore {
    override patchAndRenew(...call: Parameters<SqliteStore['patchAndRenew']>) {
      steps.push('patchAndRenew');
      return super.patchAndRenew(...call);
    }
    override patch(...call: Parameters<SqliteStore['patch']>) {
      steps.push('patch');
      return super.patch(...call);
    }
    override touch(...call: Parameters<SqliteStore['touch']>) {
      steps.push('touch');
      return super.touch(...call);
    }
  }
  const container = new Container();
  container.load(
    sessionModule({}, (load) => {
      const make = (context: SessionContext) => new CountedStore(context, { path: join(folder, 'sessions.db') });
      load.bind(SessionStore).toResolvedValue(make, [SessionContext]).inSingletonScope();
    }),
  );
  const manager = await container.getAsync(SessionManager);
  const store = new SessionMailboxStore(manager);
  t.teardown(async () => {
    store.close();
    await container.unbindAllAsync();
    await rm(folder, { recursive: true });
  });
  await store.set('sid', sessionData({ a: 1 }));
  const loaded = await loadedSession(store, 'sid');
  await store.set('sid', Object.assign(loaded, { a: 2 }));
  t.deepEqual(steps, ['patchAndRenew']);
  await store.set('sid', loaded);
  t.deepEqual(steps, ['patchAndRenew', 'touch'], 'nothing has changed');
  t.like(await store.get('sid'), { a: 2 });
});
