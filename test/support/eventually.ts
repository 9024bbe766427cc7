const defaultPatience = 20_000;
const pause = 10;

/** Waits for a condition that something under way is about to bring about, and fails when it does not. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  { patience = defaultPatience, what }: { readonly patience?: number; readonly what?: string } = {},
): Promise<void> {
  const giveUpAt = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`Never came about: ${what ?? String(condition)}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
