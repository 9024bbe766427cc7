import type { TestFn } from 'ava';
import PQueue from 'p-queue';

/** Maximum number of open stores. So few that connecting them does not keep a server or a processor from its work. */
const concurrency = 12;

/** Returns a function that declares rules of the suite. The rules run concurrently, but not all at the same time. */
export function testRule(test: TestFn): (title: string, body: () => Promise<void>) => void {
  const turns = new PQueue({ concurrency });
  return (title, body) =>
    test(title, async (t) => {
      await turns.add(body);
      t.pass();
    });
}
