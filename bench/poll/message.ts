export interface BenchMessage {
  readonly n: number;
  readonly text: string;
}

const TEXT = 'x'.repeat(200 - JSON.stringify({ n: 100_000, text: '' }).length);
let last = 100_000;

/** About 200 bytes of JSON. A new object at each call, as applications push them. */
export function nextMessage(): BenchMessage {
  return { n: ++last, text: TEXT };
}
