import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import test from 'ava';
import { projectPath } from '../architecture/source-tree.js';
import { eventually } from '../support/eventually.js';
import { freePorts } from '../support/free-port.js';
import { limits } from '../support/limits.js';
import { codeBlocks } from './pages.js';

// Within the project, so that `session-mailbox` resolves to this package, and other packages to those installed here.
const folder = projectPath('.build/docs-samples/recipes');

test('the rate limiter refuses guesses by account and by address, but not a login', async (t) => {
  t.timeout(limits.test);
  const [port] = await freePorts(1);
  const [block] = codeBlocks('docs/recipes.md', ['js']);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(`${folder}/server.mjs`, (block?.text ?? '').replace('3000', String(port)));
  const server = spawn(process.execPath, ['server.mjs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  t.teardown(() => server.kill('SIGKILL'));
  const send = async (body: string, address: string, type = 'application/json') => {
    const response = await fetch(`http://127.0.0.1:${port}/login`, {
      method: 'POST',
      headers: { 'content-type': type, 'x-forwarded-for': address },
      body,
    });
    await response.arrayBuffer();
    return response.status;
  };
  const logIn = (name: string, password: string, address: string) => send(JSON.stringify({ name, password }), address);
  const serves = () => fetch(`http://127.0.0.1:${port}/`).then(Boolean, () => false);
  await eventually(async () => server.exitCode !== null || (await serves()), { patience: limits.processes });

  const ofOne = [];
  for (let each = 1; each <= 21; each += 1) ofOne.push(await logIn(`bob${each}`, 'guess', '203.0.113.1'));
  t.deepEqual(ofOne, [...Array(20).fill(401), 429], 'by address');
  t.is(await logIn('alice', 'wonderland', '203.0.113.2'), 204);
  t.is(await send('{"name":"carol"}', '203.0.113.3'), 401, 'neither a known name nor a password');
  t.is(await send('name=alice', '203.0.113.3', 'text/plain'), 401, 'no JSON');
  const ofMany = [];
  for (let each = 1; each <= 11; each += 1) ofMany.push(await logIn('alice', 'guess', `198.51.100.${each}`));
  t.deepEqual(ofMany, [...Array(10).fill(401), 429], 'by account');
});
