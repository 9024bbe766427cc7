import { PassThrough } from 'node:stream';
import test from 'ava';
import { ProgressLine } from '../../src/cli/progress-line.js';

/** Returns a stream and a function that returns the text written to it. */
function recorder(isTTY: boolean) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY });
  return { stream, text: () => String(stream.read() ?? '') };
}

test('on a terminal the bar is redrawn, at most ten times a second', (t) => {
  const { stream, text } = recorder(true);
  const progress = new ProgressLine(stream, 200, 0);
  progress.show(10, 50);
  progress.show(50, 100);
  progress.show(60, 150);
  progress.show(200, 200);
  const bar = `${'#'.repeat(8)}${'.'.repeat(22)}`;
  t.is(text(), `\r[${bar}] 25 % of 200\r[${'#'.repeat(30)}] 100 % of 200`);
  progress.clear();
  t.is(text(), '\r\x1b[K');
});

test('without a terminal a line is written every five seconds', (t) => {
  const { stream, text } = recorder(false);
  const progress = new ProgressLine(stream, 200, 0);
  progress.show(10, 4_999);
  progress.show(50, 5_000);
  progress.show(60, 9_000);
  progress.clear();
  t.is(text(), '50 of 200\n');
});

test('the bar is full when there are more sessions than expected, or when none are expected', (t) => {
  const { stream, text } = recorder(true);
  new ProgressLine(stream, 10, 0).show(12, 100);
  new ProgressLine(stream, 0, 0).show(0, 100);
  t.is(text(), `\r[${'#'.repeat(30)}] 100 % of 10\r[${'#'.repeat(30)}] 100 % of 0`);
});
