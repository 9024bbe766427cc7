import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import * as v from 'valibot';
import { codeOnly, readProjectFile } from './source-tree.js';

const manifestSchema = v.object({
  type: v.literal('module'),
  exports: v.record(v.string(), v.string()),
  files: v.array(v.string()),
  dependencies: v.record(v.string(), v.string()),
  peerDependencies: v.record(v.string(), v.string()),
});

const manifest = v.parse(manifestSchema, JSON.parse(readProjectFile('package.json')));
const modules = Object.keys(manifest.exports).filter((subpath) => subpath !== './package.json');

for (const face of ['src/index.ts', 'src/requests/index.ts', 'src/http/index.ts', 'src/websocket/index.ts']) {
  test(`${face} has only named exports, without wildcards`, (t) => {
    const code = codeOnly(readProjectFile(face));
    t.notRegex(code, /\bdefault\b/);
    t.notRegex(code, /\*/);
    for (const line of code.split('\n').filter((each) => /^\w/.test(each))) t.regex(line, /^export (?:type )?\{/);
  });
}

for (const subpath of Object.keys(manifest.exports)) {
  const name = subpath.replace('.', 'session-mailbox');

  test(`${name} resolves to a file that was built and is packed`, (t) => {
    const path = fileURLToPath(import.meta.resolve(name));
    t.true(existsSync(path));
    if (subpath === './package.json') return;
    t.true(existsSync(path.replace(/\.js$/, '.d.ts')), 'with its types');
    const target = manifest.exports[subpath] ?? '';
    t.true(manifest.files.some((pattern) => target.startsWith(`./${pattern.replace(/\*.*$/, '')}`)));
  });
}

/** redis-sessions has a default export, so its replacement has one. */
const withDefault: ReadonlySet<string> = new Set(['./redis-sessions']);

for (const subpath of modules) {
  const hasDefault = withDefault.has(subpath);
  const name = subpath.replace('.', 'session-mailbox');
  test(`${name} loads, and has ${hasDefault ? 'a' : 'no'} default export`, async (t) => {
    const loaded: Record<string, unknown> = await import(name);
    t.true(Object.keys(loaded).length > 0);
    t.is('default' in loaded, hasDefault);
  });
}

test('nothing below the public face can be imported', async (t) => {
  const error = await t.throwsAsync(import('session-mailbox/dist/service/session-manager.js' as string));
  t.is(error && 'code' in error ? error.code : undefined, 'ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('the public face exports what the README imports from it', async (t) => {
  const readme = readProjectFile('README.md');
  const imports = [...readme.matchAll(/import \{([^}]+)\} from '(session-mailbox[^']*)'/g)];
  t.true(imports.length > 0);
  for (const [, names = '', specifier = ''] of imports) {
    const loaded: Record<string, unknown> = await import(specifier);
    for (const name of names
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '' && !each.startsWith('type '))) {
      t.true(name in loaded, `${specifier} exports ${name}`);
    }
  }
});
