import test from 'ava';
import { WalSync } from '../../../../src/stores/sqlite/durability/wal-sync.js';

/** A disk whose syncs end when the test says so. */
class ManualDisk {
  readonly ended: string[] = [];
  #syncs: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  get running(): number {
    return this.#syncs.length;
  }

  readonly sync = (): Promise<void> => new Promise((resolve, reject) => this.#syncs.push({ resolve, reject }));

  async succeed(): Promise<void> {
    this.#syncs.shift()?.resolve();
    await settled();
  }

  async fail(): Promise<void> {
    this.#syncs.shift()?.reject(new Error('EIO: i/o error, fdatasync'));
    await settled();
  }

  note(name: string, promise: Promise<void>): void {
    promise.then(
      () => this.ended.push(name),
      () => this.ended.push(`${name} failed`),
    );
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test('one sync serves all callers that asked before it began', async (t) => {
  const disk = new ManualDisk();
  const sync = new WalSync(0, () => {}, disk.sync);
  for (const name of ['one', 'two', 'three']) disk.note(name, sync.durable());
  await settled();
  t.is(disk.running, 1);
  await disk.succeed();
  t.deepEqual(disk.ended, ['one', 'two', 'three']);
});

test('a commit during a sync becomes durable with the next sync', async (t) => {
  const disk = new ManualDisk();
  const sync = new WalSync(0, () => {}, disk.sync);
  disk.note('before', sync.durable());
  await settled();
  disk.note('during', sync.durable());
  disk.note('also during', sync.durable());
  await settled();
  t.is(disk.running, 1);
  await disk.succeed();
  t.deepEqual(disk.ended, ['before']);
  t.is(disk.running, 1);
  await disk.succeed();
  t.deepEqual(disk.ended, ['before', 'during', 'also during']);
});

test('after a failed sync nothing becomes durable any more, even if the disk reports success again', async (t) => {
  const disk = new ManualDisk();
  const sync = new WalSync(0, () => {}, disk.sync);
  disk.note('failing', sync.durable());
  await settled();
  disk.note('waiting', sync.durable());
  await disk.fail();
  t.deepEqual(disk.ended, ['failing failed', 'waiting failed']);
  await t.throwsAsync(sync.durable(), { message: /the disk failed to keep what was written/ });
  t.is(disk.running, 0);
  t.is(sync.fault?.cause instanceof Error && sync.fault.cause.message, 'EIO: i/o error, fdatasync');
  await sync.idle();
});
