import test from 'ava';
import { ClientSite } from './client-site.js';
import { Firefox, missingFirefox } from './firefox.js';

const missing = missingFirefox();
// Firefox comes as a Debian package, which a contributor may not have.
const firefoxTest = missing === undefined ? test.serial : test.skip;
const title = (text: string) => (missing === undefined ? text : `skipped, ${missing}: ${text}`);

let firefox: Firefox;

test.before(async () => {
  if (missing === undefined) firefox = await Firefox.start();
});

test.after.always(() => firefox?.close());

for (const transport of ['poll', 'sse', 'websocket']) {
  firefoxTest(
    title(`Firefox, ${transport}: tabs have one connection, hand it over, and miss nothing over a cut or a reload`),
    async (t) => {
      const site = await ClientSite.start(t);
      const url = `${site.url}/page?transport=${transport}`;
      const first = await firefox.open(url);
      await first.isOpen();
      const second = await firefox.open(url);
      await second.isOpen();
      await site.isHeld(1);
      t.is(site.sockets, transport === 'websocket' ? 1 : 0);
      await site.push('one', 'two');
      for (const tab of [first, second]) await tab.heard('one', 'two');
      site.cut();
      await site.push('three');
      for (const tab of [first, second]) await tab.heard('one', 'two', 'three');
      await first.close();
      await site.push('four');
      await second.heard('one', 'two', 'three', 'four');
      await site.isHeld(1);
      await second.reload();
      await site.push('five');
      await second.heard('five');
      await site.isHeld(1);
      await site.session.close('revoked');
      await second.heard('five', 'closed revoked');
      await second.close();
    },
  );
}
