import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { build } from 'esbuild';
import { projectPath } from '../architecture/source-tree.js';
import { importBuilt } from '../support/built-package.js';

/** Returns what a page loads for this code after a bundler has built it. */
async function bundle(code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: projectPath('.') },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}

const zipped = (text: string) => gzipSync(text, { level: 9 }).length;

test('a client that only polls is at most 4 kB', async (t) => {
  const text = await bundle("import { connectBy, poll } from 'session-mailbox/client'; connectBy(poll, { url: '/' });");
  t.true(text.includes('poll'));
  t.log(`${text.length} bytes, ${zipped(text)} zipped`);
  t.true(zipped(text) <= 4_000, `${zipped(text)} bytes`);
});

test('the complete client is at most 6 kB, also as the file that browsers load without a bundler', async (t) => {
  const text = await bundle("export * from 'session-mailbox/client';");
  const file = readFileSync(projectPath('dist/client/bundle.js'), 'utf8');
  t.log(`${text.length} bytes, ${zipped(text)} zipped`);
  t.true(zipped(text) <= 6_000, `${zipped(text)} bytes`);
  t.true(zipped(file) <= 6_000, `${zipped(file)} bytes`);
});

test('the file for browsers has no imports, and has the same exports as the module', async (t) => {
  const text = readFileSync(projectPath('dist/client/bundle.js'), 'utf8');
  t.notRegex(text, /\bimport\b|\brequire\b|\bprocess\b/);
  const file = await importBuilt('session-mailbox/client/bundle');
  const module = await importBuilt('session-mailbox/client');
  t.deepEqual(Object.keys(file).toSorted(), Object.keys(module).toSorted());
});
