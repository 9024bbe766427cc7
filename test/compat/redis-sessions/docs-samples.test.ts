import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import test from 'ava';
import { projectPath } from '../../architecture/source-tree.js';
import { codeBlocks } from '../../docs/pages.js';
import { serverFor } from '../../stores/redis/places.js';

const run = promisify(execFile);
const server = serverFor(test);
const folder = '.build/docs-redis-sessions';

/** Changes the first TypeScript block of a page (which has no types), and runs it as a module of the project. */
async function runBlock(page: string, change: (code: string) => string): Promise<void> {
  const [block] = codeBlocks(page, ['ts']);
  const path = projectPath(`${folder}/${page.replaceAll(/\W/g, '-')}.mjs`);
  await mkdir(projectPath(folder), { recursive: true });
  await writeFile(path, change(block?.text ?? ''));
  await run(process.execPath, [path]);
}

test('the sample of docs/redis-sessions.md runs to its end', async (t) => {
  await t.notThrowsAsync(
    runBlock('docs/redis-sessions.md', (code) => code.replace('port: 6379', `port: ${server().port}`)),
  );
});

test('the sample of docs/rest.md serves until it is closed', async (t) => {
  await t.notThrowsAsync(
    runBlock('docs/rest.md', (code) => {
      const ends = [
        "const response = await fetch(new URL('/healthz', app.listeningOrigin));",
        "if (response.status !== 200) throw new Error('not ready');",
        'await app.close();',
        'await container.unbindAllAsync();',
      ];
      return `${code.replace('port: 3000', "port: 0, host: '127.0.0.1'")}\n${ends.join('\n')}\n`;
    }),
  );
});

test('the remedy of docs/troubleshooting.md for an ioredis client keeps the sessions on the server of that client', async (t) => {
  const [, block] = codeBlocks('docs/troubleshooting.md', ['js']);
  const head = [
    "import 'reflect-metadata';",
    "import { Container } from 'inversify';",
    "import { Redis } from 'ioredis';",
    "import { SessionManager, sessionModule } from 'session-mailbox';",
    "import { redisStore } from 'session-mailbox/redis';",
    "import RedisSessions from 'session-mailbox/redis-sessions';",
    `const ioredisClient = new Redis(${server().port}, { autoResendUnfulfilledCommands: false });`,
  ];
  const end = [
    "await sessions.create({ app: 'client', id: 'alice', ip: '192.0.2.7' });",
    'await sessions.quit();',
    'await container.unbindAllAsync();',
    'ioredisClient.disconnect();',
  ];
  const path = projectPath(`${folder}/client.mjs`);
  await mkdir(projectPath(folder), { recursive: true });
  await writeFile(path, [...head, block?.text ?? '', ...end].join('\n'));
  await run(process.execPath, [path]);
  t.true((await server().client.keys('rs:*:s:client:*')).length > 0);
});
