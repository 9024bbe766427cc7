import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { projectPath } from '../architecture/source-tree.js';
import { heard, Stage } from './client-stage.js';

/** Returns the published modules of the client, by path. */
function modules(): Readonly<Record<string, string>> {
  const folder = projectPath('dist/client');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
  return Object.fromEntries(names.map((name) => [`/client/${name}`, readFileSync(`${folder}/${name}`, 'utf8')]));
}

const html = `<!doctype html><title>EventSource</title><link rel="icon" href="data:,"><script type="module">
  import { connectBy } from './client/connect.js';
  import { eventSource } from './client/event-source.js';
  globalThis.heard = [];
  const mailbox = globalThis.mailbox = connectBy(eventSource(EventSource), { url: '/' });
  for (const event of ['lost', 'reset', 'closed']) mailbox.on(event, (news) => heard.push(event + ' ' + (news?.code ?? news ?? '')));
  for await (const { data } of mailbox) heard.push(String(data));
</script>`;

test.serial(
  'with the EventSource of a browser the client delivers each message once, over cut connections, until the session ends',
  async (t) => {
    const stage = await Stage.start(t, { '/source': html, ...modules() });
    await stage.site.push('one');
    const page = await stage.goTo('/source');
    await heard(page, 'one');
    await stage.site.isHeld(1);
    t.is(await stage.site.kept(), 0);
    for (const data of ['two', 'three']) {
      stage.site.cut();
      await stage.site.isHeld(0);
      await stage.site.push(data);
      await page.waitForFunction(`heard.includes('${data}')`);
      await stage.site.isHeld(1);
    }
    await stage.site.session.close('revoked');
    await heard(page, 'one', 'two', 'three', 'closed revoked');
  },
);

test.serial('with an EventSource, which hides errors, the client still learns why its session has ended', async (t) => {
  const stage = await Stage.start(t, { '/source': html, ...modules() });
  await stage.site.session.close('evicted');
  const page = await stage.goTo('/source');
  await heard(page, 'closed evicted');
  t.pass();
});
