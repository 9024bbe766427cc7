import test from 'ava';
import { heard, Stage } from './client-stage.js';

for (const transport of ['sse', 'websocket']) {
  test.serial(
    `${transport}: the tabs of a browser share one stream, and each tab receives every message once`,
    async (t) => {
      const stage = await Stage.start(t);
      const tabs = [await stage.open({ transport }), await stage.open({ transport })] as const;
      await stage.site.isHeld(1);
      t.is(stage.site.sockets, transport === 'websocket' ? 1 : 0);
      await stage.site.push('one', 'two');
      for (const tab of tabs) await heard(tab, 'one', 'two');
      stage.site.cut();
      await stage.site.push('three');
      for (const tab of tabs) await heard(tab, 'one', 'two', 'three');
      await tabs[0].close();
      await stage.site.push('four');
      await heard(tabs[1], 'one', 'two', 'three', 'four');
      await stage.site.isHeld(1);
      await tabs[1].evaluate("mailbox.close('')");
      await stage.site.isHeld(0);
    },
  );

  test.serial(
    `${transport}: without network the client is away, and it continues where it was when the network is back`,
    async (t) => {
      const stage = await Stage.start(t);
      const tab = await stage.open({ transport });
      await stage.site.push('one');
      await heard(tab, 'one');
      await stage.context.setOffline(true);
      await tab.waitForFunction("mailbox.state === 'away'");
      await stage.site.push('meanwhile');
      await stage.context.setOffline(false);
      await heard(tab, 'one', 'meanwhile');
      t.pass();
    },
  );
}

test.serial('auto selects a WebSocket if the session is in a cookie', async (t) => {
  const stage = await Stage.start(t);
  const tab = await stage.open({ transport: 'auto' });
  await stage.site.push('one');
  await heard(tab, 'one');
  t.is(stage.site.sockets, 1);
});

const worker = `
  import { connect } from './client.js';
  const mailbox = connect({ url: location.origin });
  mailbox.on('closed', ({ code }) => postMessage('closed ' + code));
  for await (const { data } of mailbox) postMessage(data);
`;
const page = `<!doctype html><title>worker</title><link rel="icon" href="data:,"><script type="module">
  globalThis.heard = [];
  new Worker('/worker.js', { type: 'module' }).onmessage = ({ data }) => heard.push(data);
</script>`;

test.serial('a worker of a page reads the mailbox', async (t) => {
  const stage = await Stage.start(t, { '/worker': page, '/worker.js': worker });
  await stage.site.push('one');
  const tab = await stage.goTo('/worker');
  await heard(tab, 'one');
  await stage.site.isHeld(1);
  await stage.site.push('two');
  await heard(tab, 'one', 'two');
  await stage.site.session.close('revoked');
  await heard(tab, 'one', 'two', 'closed revoked');
  t.pass();
});
