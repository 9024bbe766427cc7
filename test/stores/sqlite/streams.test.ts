import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { SqliteStore, sqliteStore } from '../../../src/stores/sqlite/index.js';
import { checkStreamsOverNodes, checkTakeOver } from '../../support/streams-over-nodes.js';
import { freshPath } from './create-sqlite-store.js';

test('a stream at one node continues while other nodes push, acknowledge and take over', async (t) => {
  const path = await freshPath(t);
  await checkStreamsOverNodes(t, () => sqliteStore({ path }));
});

test('a stream that reads while another node takes its reader over does not take it back', async (t) => {
  const path = await freshPath(t);
  const store = () => new SqliteStore(new SessionContext(), { path });
  await checkTakeOver(t, store(), store());
});
