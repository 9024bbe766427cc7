import type { TestFn } from 'ava';
import PQueue from 'p-queue';

/** Stores that are open at once: so few that no server and no processor is kept from its work by connecting. */
const concurrency = 12;

/** Declares rules of the suite, which run side by side, but not all at once. */
export function testRule(test: TestFn): (title: string, body: () => Promise<void>) => void {
  const turns = new PQueue({ concurrency });
  return (title, body) =>
    test(title, async (t) => {
      await turns.add(body);
      t.pass();
    });
}
