import { limits } from './limits.js';

const pauseMs = 10;

/** Waits until a condition holds that an operation in progress will bring about; fails after `patience` milliseconds. */
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
