import test from 'ava';
import { freePorts } from '../support/free-port.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { Shell, tourBlocks } from './tour-shell.js';

test('the tour works twice in a row on one server, with and without a restart between its blocks', async (t) => {
  const [first, second, ...others] = tourBlocks((title) => title === 'Tour');
  if (first === undefined || second === undefined) throw new Error('The tour has two blocks');
  t.deepEqual(others, []);
  const [port] = await freePorts(1);
  const settings = { PORT: String(port), DEMO_ADMIN_KEY: 'demo' };
  const start = (data?: string) => DemoProcess.start(t, data, settings);
  let demo = await start();
  const shell = new Shell(t, demo.data);
  for (const restarts of [true, false]) {
    const logins = await shell.paste(first.replace('3000', String(port)));
    t.is(logins.match(/"account":"alice"\}/g)?.length, 2, logins);
    t.regex(logins, /"messages":\[\{"offset":1,"at":\d+,"data":\{"text":"hi"\}\}\]/, logins);
    t.regex(logins, /^[0-9a-z]+\.1(\.[0-9a-z]+)?$/m, logins);
    t.regex(logins, /"code":"revoked"/, logins);
    t.notRegex(logins, /SESSION_LIMIT|evicted/, logins);
    if (restarts) {
      demo.signal('SIGINT');
      t.is(await demo.exit, 0);
      demo = await start(demo.data);
    }
    const rest = await shell.paste(second);
    t.regex(rest, /"messages":\[\{"offset":2,"at":\d+,"data":\{"text":"still here\?"\}\}\]/, rest);
    t.regex(rest, /"code":"evicted"/, rest);
    t.is(rest.match(/"account":"alice"\}/g)?.length, 5, rest);
  }
  t.is(demo.stderr, '');
});
