import { SessionContext } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { hashSecret, newId, newSecret } from '../../../../src/store/session-token.js';
import { SqliteStore } from '../../../../src/stores/sqlite/index.js';

/** Writes so much that a checkpoint is always in progress, and exits during it with the code 3. */

const [, , path = '', milliseconds = '0'] = process.argv;
const store = new SqliteStore(new SessionContext({ maxSession: 0 }), { path, durability: 'interval' });
const text = JSON.stringify('x'.repeat(30_000));

async function write(): Promise<never> {
  for (;;) {
    const [id, secretHash] = [newId(''), hashSecret(newSecret())];
    const rest = { ip: '', userAgent: '', ttl: 3_600_000, maxAge: 0, maxSession: 0, attributes: { text } };
    await store.insert({ app: 'default', id, accountId: 'alice', secretHash, ...rest });
  }
}

await store.open(noListener);
for (let lane = 0; lane < 8; lane += 1) void write();
setTimeout(() => process.exit(3), Number(milliseconds));
