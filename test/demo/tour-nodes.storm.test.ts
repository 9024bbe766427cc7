import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DemoNodes } from '../support/demo-nodes.js';
import { Shell, tourBlocks } from './tour-shell.js';

test('the tour of several nodes works twice in a row', async (t) => {
  const [block, ...others] = tourBlocks((title) => title === 'Several nodes');
  if (block === undefined) throw new Error('The section has a block');
  t.deepEqual(others, []);
  const data = await mkdtemp(join(tmpdir(), 'session-mailbox-tour-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const demo = await DemoNodes.start(t, data, { DEMO_ADMIN_KEY: 'demo' });
  const [one, two] = demo.nodes;
  if (one === undefined || two === undefined) throw new Error('There are two nodes');
  const shell = new Shell(t, data);
  for (let round = 0; round < 2; round += 1) {
    const output = await shell.paste(block.replace('3000', String(one.port)).replace('3001', String(two.port)));
    t.is(output.match(/"account":"alice"\}/g)?.length, 2, output);
    t.regex(output, /"messages":\[\{"offset":1,"at":\d+,"data":\{"text":"hi"\}\}\]/, output);
    t.regex(output, /"messages":\[\{"offset":2,"at":\d+,"data":\{"text":"and now\?"\}\}\]/, output);
    t.regex(output, /"code":"revoked"/, output);
    t.regex(output, /"code":"SESSION_CLOSED"/, output);
  }
});
