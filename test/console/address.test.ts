import test from 'ava';
import { ConsoleKit, consoleFronts } from '../support/console-kit.js';

/**
 * Frameworks that serve the page without a last slash only. Inversify removes the last slash from the paths of controllers, and
 * these frameworks distinguish the two paths.
 */
const withoutSlashOnly: readonly string[] = ['fastify', 'hono'];

for (const front of consoleFronts) {
  test(`${front}: the page is at /console, and at /console/ unless docs/console.md says otherwise`, async (t) => {
    const kit = await ConsoleKit.start(front);
    t.teardown(() => kit.close());
    t.is((await kit.ask('/console')).status, 200);
    t.is((await kit.ask('/console/')).status, withoutSlashOnly.includes(front) ? 404 : 200);
  });
}
