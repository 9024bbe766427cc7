import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { importBuilt } from '../support/built-package.js';

/** Returns the packages that a built module imports at run time, directly or through the files that it imports. */
function packagesOf(path: string, seen = new Set<string>(), packages = new Set<string>()): ReadonlySet<string> {
  if (seen.has(path)) return packages;
  seen.add(path);
  for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(
    /(?:^import|^export|\bfrom|\bimport\()\s*'([^']+)'/gm,
  )) {
    if (specifier.startsWith('.')) packagesOf(join(dirname(path), specifier), seen, packages);
    else packages.add(specifier);
  }
  return packages;
}

test('session-mailbox/requests needs no package but valibot, which session-mailbox installs', (t) => {
  const packages = packagesOf(fileURLToPath(import.meta.resolve('session-mailbox/requests')));
  t.deepEqual(
    [...packages].filter((name) => !name.startsWith('node:')),
    ['valibot'],
  );
});

test('session-mailbox/requests exports what a guard or handler of an application needs', async (t) => {
  const exported = await importBuilt('session-mailbox/requests');
  t.deepEqual(Object.keys(exported).sort(), [
    'HeldResponse',
    'HostPolicy',
    'OriginPolicy',
    'encodeBatch',
    'isHostName',
    'isLoopbackHost',
    'limitUnanswered',
    'problemOf',
    'readPollOptions',
    'requestHeadOf',
    'requireAuthentication',
    'sessionFromRequest',
  ]);
});

test('sessionFromRequest is exported from session-mailbox/requests only', async (t) => {
  t.false('sessionFromRequest' in (await importBuilt('session-mailbox/websocket')));
});
