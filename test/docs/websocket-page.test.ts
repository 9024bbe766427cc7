import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { WebSocketServer } from 'ws';
import { authenticateUpgrade } from '../../src/websocket/index.js';
import { readProjectFile } from '../architecture/source-tree.js';
import { limits } from '../support/limits.js';
import { startService, throwsCode } from '../support/service.js';
import { nameIn, readTable } from './tables.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Within the project, so that `session-mailbox` resolves to this package, and other packages to those installed here.
const folder = `${root}.build/docs-samples/websocket`;
const compiler = fileURLToPath(import.meta.resolve('typescript')).replace(/lib[\\/][^\\/]*$/, 'bin/tsc');
const page = readProjectFile('docs/websocket.md');

test('the samples are valid TypeScript', async (t) => {
  t.timeout(limits.test);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const samples = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
  t.is(samples.length, 3);
  for (const [index, sample] of samples.entries()) await writeFile(`${folder}/sample-${index}.ts`, sample);
  const compilerOptions = { target: 'es2022', module: 'nodenext', types: ['node'], strict: true, skipLibCheck: true };
  await writeFile(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions: { ...compilerOptions, noEmit: true } }));
  await t.notThrowsAsync(promisify(execFile)(process.execPath, [compiler, '-p', folder]));
});

test('every option of the table is an option of authenticateUpgrade', async (t) => {
  const { manager } = await startService(t);
  const webSocketServer = new WebSocketServer({ noServer: true });
  const rows = readTable(page, '| option of `authenticateUpgrade` | default | meaning |');
  t.is(rows.length, 8);
  for (const [cell] of rows) {
    const option = nameIn(cell);
    const call = async () =>
      Reflect.apply(authenticateUpgrade, undefined, [
        createServer(),
        manager,
        { webSocketServer, [option]: Symbol('x') },
      ]);
    const { details } = await throwsCode(t, call, 'INVALID_CONTEXT');
    t.is(details.field, option);
    t.regex(details.rule, /^must/);
  }
});
