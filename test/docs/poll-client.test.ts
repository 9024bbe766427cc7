import { mkdir, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { projectPath } from '../architecture/source-tree.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';
import { codeBlocks } from './pages.js';

interface Client {
  follow(url: string, token: string, receive: (data: unknown) => void, signal?: AbortSignal): Promise<string>;
}

test('the client of docs/poll.md receives each message once, in order, and ends when its session does', async (t) => {
  const [block] = codeBlocks('docs/poll.md', ['js']);
  const path = projectPath('.build/docs-poll-client/client.mjs');
  await mkdir(projectPath('.build/docs-poll-client'), { recursive: true });
  await writeFile(path, block?.text ?? '');
  const { follow }: Client = await import(pathToFileURL(path).href);
  const kit = await Kit.start('fastify');
  try {
    const session = await kit.logIn();
    await kit.manager.push(session.id, 1);
    const received: unknown[] = [];
    const end = follow(`http://127.0.0.1:${kit.port}`, session.token, (data) => received.push(data));
    await eventually(() => received.length === 1 && kit.room.held === 1);
    await kit.manager.push(session.id, 2);
    await eventually(() => received.length === 2 && kit.room.held === 1);
    await session.close('revoked');
    t.is(await end, 'The session was ended from another device or by the service.');
    t.deepEqual(received, [1, 2]);
    t.is(await follow(`http://127.0.0.1:${kit.port}`, session.token, () => {}), 'logged out');
  } finally {
    await kit.close();
  }
});
