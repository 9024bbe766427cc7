import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Container } from 'inversify';
import { SessionManager, sessionModule } from '../../../src/index.js';
import { lmdbStore } from '../../../src/stores/lmdb/index.js';
import { freshPlace } from './fresh-place.js';

const idLength = 24;

test('no secret is in the files, and a stolen hash opens nothing', async (t) => {
  const { path } = await freshPlace(t);
  const container = new Container();
  container.load(sessionModule({}, lmdbStore({ path })));
  t.teardown(() => container.unbindAllAsync());
  const manager = await container.getAsync(SessionManager);
  const first = await manager.createSession('a-telling-name@example.org', { attributes: { theme: 'dark' } });
  const second = await manager.createSession('bob');
  const tokens = [first.token, second.token, (await manager.rotateToken(first.id)).token];
  await manager.authenticate(tokens[2] ?? '');
  await manager.push(first.id, 'hi', { key: 'k' });
  await manager.closeSession(second.id);
  const text = (await readFile(join(path, 'data.mdb'))).toString('latin1');
  t.true(text.includes('a-telling-name@example.org'), 'it can be seen what the files hold');
  for (const token of tokens) t.false(text.includes(token.slice(idLength)));
  const hashes = text.match(/[A-Za-z0-9_-]{43}/g) ?? [];
  t.true(hashes.length > 0);
  for (const hash of hashes.slice(0, 20)) {
    const stolen =
      first.id +
      hash
        .replaceAll(/[^0-9A-Za-z]/g, '')
        .padEnd(40, '0')
        .slice(0, 40);
    await t.throwsAsync(manager.authenticate(stolen), { code: 'SESSION_UNKNOWN' });
  }
});
