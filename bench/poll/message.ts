export interface BenchMessage {
  readonly n: number;
  readonly text: string;
}

const TEXT = 'x'.repeat(200 - JSON.stringify({ n: 100_000, text: '' }).length);
let last = 100_000;

/** Returns a new message of about 200 bytes of JSON at each call, because applications also push new objects. */
export function nextMessage(): BenchMessage {
  return { n: ++last, text: TEXT };
}
