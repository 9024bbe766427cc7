import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { type ConnectOptions, connect, type MailboxEvents } from '../../src/client/index.js';
import { emptySnapshot } from '../../src/client/store.js';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';
import { renderSample } from '../client/react-sample.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';
import { limits } from '../support/limits.js';
import { codeBlocks } from './pages.js';
import { readTable, rowsByName } from './tables.js';

const page = readProjectFile('docs/client.md');

interface Sample {
  follow(options: ConnectOptions, show: (data: unknown) => void): Promise<void>;
}

test('the sample of docs/client.md shows the messages and the reason why the session ended', async (t) => {
  const [block] = codeBlocks('docs/client.md', ['js']);
  const folder = projectPath('.build/docs-client');
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/client.mjs`, block?.text ?? '');
  const { follow }: Sample = await import(pathToFileURL(`${folder}/client.mjs`).href);
  const kit = await Kit.start('node');
  try {
    const session = await kit.logIn();
    await kit.manager.push(session.id, 'one');
    const shown: unknown[] = [];
    const options = { url: `http://127.0.0.1:${kit.port}`, token: session.token };
    const end = follow(options, (data) => shown.push(data));
    await eventually(() => shown.length === 1 && kit.room.held === 1);
    await kit.manager.push(session.id, 'two');
    await eventually(() => shown.length === 2 && kit.room.held === 1);
    await session.close('revoked');
    await end;
    t.deepEqual(shown, ['one', 'two', 'The session was ended from another device or by the service.']);
  } finally {
    await kit.close();
  }
});

test('the table of options has every option of connect, and no other', (t) => {
  const options: Record<keyof ConnectOptions, true> = {
    url: true,
    transport: true,
    share: true,
    token: true,
    reader: true,
    after: true,
    signal: true,
    storage: true,
    fetch: true,
    WebSocket: true,
  };
  const stated = readTable(page, '| option of `connect` | default | meaning |').flatMap(([names = '']) =>
    names.replaceAll('`', '').split(', '),
  );
  t.deepEqual(stated.toSorted(), Object.keys(options).toSorted());
});

test('the table of events has every event of a mailbox, and no other', (t) => {
  const events: Record<keyof MailboxEvents, true> = {
    connecting: true,
    open: true,
    waiting: true,
    away: true,
    closed: true,
    lost: true,
    reset: true,
  };
  const rows = rowsByName(readTable(page, '| event | listener gets | meaning |'));
  t.deepEqual(Object.keys(rows).toSorted(), Object.keys(events).toSorted());
});

test('the table of a snapshot has every member, and no other', (t) => {
  const rows = rowsByName(readTable(page, '| member of a snapshot | meaning |'));
  t.deepEqual(Object.keys(rows).toSorted(), Object.keys(emptySnapshot).toSorted());
});

// test/browser/react.test.ts tests the component in a browser.
test('a server, which has no mailbox, can render the component of docs/client.md', async (t) => {
  t.is(await renderSample(), '<ul aria-busy="true"></ul>');
});

test('an unknown transport is refused, and so is a relative URL outside of a page', (t) => {
  t.throws(() => connect({ url: 'http://127.0.0.1', transport: 'pigeon' as 'poll' }), { instanceOf: TypeError });
  t.throws(() => connect({ url: '/' }), { instanceOf: TypeError });
});

const codeOfPage = `
import { connect, connectBy } from 'session-mailbox/client';
import { eventSource } from 'session-mailbox/client/event-source';
connectBy(eventSource(EventSource));
connect({ fetch, WebSocket, storage: localStorage, url: new URL(location.href) });
`;

test("the types accept a browser's own EventSource, fetch, WebSocket and storage", async (t) => {
  t.timeout(limits.test);
  const folder = projectPath('.build/docs-client/types');
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/page.mts`, codeOfPage);
  const flags = { noEmit: true, strict: true, target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom'], types: [] };
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions: flags, files: ['page.mts'] }));
  const compiler = projectPath('node_modules/typescript/bin/tsc');
  await t.notThrowsAsync(promisify(execFile)(process.execPath, [compiler, '-p', folder]));
});
