import test from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { Rereading } from '../../src/delivery/rereading.js';

function startRereading(): { readonly clock: ManualClock; readonly rereading: Rereading; readonly reads: string[] } {
  const clock = new ManualClock();
  const reads: string[] = [];
  const rereading = new Rereading(
    clock,
    2_000,
    () => ['one', 'two'],
    (id) => reads.push(id),
  );
  return { clock, rereading, reads };
}

test('mailboxes whose read failed are read once after the pause', async (t) => {
  const { clock, rereading, reads } = startRereading();
  rereading.later('a');
  await clock.advance(1_000);
  rereading.later('b');
  rereading.later('a');
  await clock.advance(999);
  t.deepEqual(reads, []);
  await clock.advance(1);
  t.deepEqual(reads, ['a', 'b']);
  rereading.later('c');
  await clock.advance(2_000);
  t.deepEqual(reads, ['a', 'b', 'c']);
  t.is(clock.pending, 0);
});

test('a forgotten mailbox is not read, and forgetting the last one cancels the timer', async (t) => {
  const { clock, rereading, reads } = startRereading();
  rereading.later('a');
  rereading.later('b');
  rereading.forget('a');
  rereading.forget('unknown');
  t.is(clock.pending, 1);
  await clock.advance(2_000);
  t.deepEqual(reads, ['b']);
  rereading.later('c');
  rereading.forget('c');
  t.is(clock.pending, 0);
});

test('all() reads each mailbox immediately', (t) => {
  const { rereading, reads } = startRereading();
  rereading.all();
  t.deepEqual(reads, ['one', 'two']);
});
