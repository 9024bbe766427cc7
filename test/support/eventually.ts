import { limits } from './limits.js';

const pauseMs = 10;

/** Waits until an operation in progress has made the condition true. Fails after `patience` milliseconds. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  { patience = limits.event, what }: { readonly patience?: number; readonly what?: string } = {},
): Promise<void> {
  const giveUpAt = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Never came about: ${what ?? String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
