import { SessionContext } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { hashSecret, newId, newSecret } from '../../../../src/store/session-token.js';
import { SqliteStore } from '../../../../src/stores/sqlite/index.js';

/**
 * A process that writes to a store without a pause and reports each acknowledgement to its parent, until it is ended.
 * Orders of the parent: `exit` and `throw` end it immediately, `close` ends it after a clean close. With the argument
 * `keeps` it ends no session.
 */

export type Acknowledgement =
  | { readonly kind: 'created'; readonly id: string; readonly secretHash: string }
  | { readonly kind: 'pushed'; readonly id: string; readonly number: number }
  | { readonly kind: 'closing'; readonly id: string }
  | { readonly kind: 'closed'; readonly id: string }
  | { readonly kind: 'failed'; readonly message: string };

export type WriterOrder = 'exit' | 'throw' | 'close';

const [, , path = '', durability = 'commit', lanes = '4', ends = 'ends'] = process.argv;
const context = new SessionContext({ maxSession: 0, msgMaxLength: 1_000 });
const store = new SqliteStore(context, { path, durability: durability === 'interval' ? 'interval' : 'commit' });
let isClosing = false;

/** Resolves when the report is in the pipe. From then on the parent can read it even if this process is killed. */
async function report(acknowledgement: Acknowledgement): Promise<void> {
  if (!process.connected) return;
  await new Promise<void>((resolve) => process.send?.(acknowledgement, () => resolve()));
}

async function write(lane: number): Promise<void> {
  for (let round = 0; !isClosing; round += 1) {
    try {
      await writeOne(`account-${process.pid}-${lane}`, round);
    } catch (error) {
      void report({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

async function writeOne(accountId: string, round: number): Promise<void> {
  const id = newId('');
  const secretHash = hashSecret(newSecret());
  const rest = { ip: '', userAgent: '', ttl: 3_600_000, maxAge: 0, maxSession: 0, attributes: {} };
  await store.insert({ app: 'default', id, accountId, secretHash, ...rest });
  void report({ kind: 'created', id, secretHash });
  for (let number = 1; number <= 3; number += 1) {
    const json = String(number);
    await store.append('default', id, { json, bytes: json.length, key: undefined });
    void report({ kind: 'pushed', id, number });
  }
  await store.authenticate('default', id, secretHash);
  if (ends === 'keeps' || round % 3 > 0) return;
  // Report this first: if the process is killed between the two steps, the parent must not see an unannounced end.
  await report({ kind: 'closing', id });
  await store.end('default', id, 'logout');
  void report({ kind: 'closed', id });
}

await store.open(noListener);
const writing = Promise.all(Array.from({ length: Number(lanes) }, (_, lane) => write(lane)));
process.on('message', (order: WriterOrder) => {
  if (order === 'exit') process.exit(3);
  if (order === 'throw') throw new Error('uncaught on purpose');
  isClosing = true;
  void writing.then(() => store.close()).then(() => process.disconnect());
});
process.on('disconnect', () => process.exit());
