import { createHash } from 'node:crypto';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { allPages, app, isUnknown } from '../../../src/conformance/trial.js';
import { SnapshotFault } from '../../../src/stores/memory/snapshot-file.js';
import fc from '../../support/fast-check.js';
import { SnapshotFolder } from './snapshot-fixture.js';

/** Creates a folder with a sound snapshot of a few sessions. */
async function written(t: ExecutionContext): Promise<{ folder: SnapshotFolder; ids: string[]; bytes: Buffer }> {
  const folder = await SnapshotFolder.make(t);
  const trial = await folder.start();
  const ids: string[] = [];
  for (let each = 0; each < 5; each += 1) {
    const { id } = await trial.login(`account-${each}`, { attributes: { theme: '"dark"' } });
    await trial.push(id, 'a', { b: 'é' });
    ids.push(id);
  }
  await trial.close();
  return { folder, ids, bytes: await readFile(folder.path) };
}

/** Returns the content of a file with a matching trailer. */
function sealed(content: string): string {
  return `${content}{"sha256":"${createHash('sha256').update(content).digest('hex')}"}\n`;
}

/** Asserts that a start warns, sets the file aside, is empty, and works afterwards. */
async function startsEmpty(t: ExecutionContext, folder: SnapshotFolder, reason: RegExp): Promise<void> {
  folder.warnings.length = 0;
  const trial = await folder.start();
  t.is(folder.warnings.length, 1);
  const [warning = ''] = folder.warnings;
  t.regex(warning, reason);
  t.true(warning.includes(folder.path), 'names the file');
  const names = await folder.names();
  t.is(names.filter((name) => name.includes('.damaged-')).length, 1);
  t.false(names.includes('sessions.snapshot'));
  t.true(
    names.some((name) => name.includes('.damaged-') && warning.includes(name)),
    'says where it is now',
  );
  t.deepEqual(await allPages(trial.store, 10), []);
  const { id } = await trial.login();
  await trial.close();
  const again = await folder.start();
  t.is((await again.store.get(app, id)).id, id);
  t.is(folder.warnings.length, 1);
  await again.close();
}

const contents: Readonly<Record<string, { make: (sound: string) => string | Buffer; reason: RegExp }>> = {
  'an empty file': { make: () => '', reason: /cut short/ },
  'one newline': { make: () => '\n', reason: /cut short/ },
  'a file that is not JSON': { make: () => 'not JSON at all\n'.repeat(20), reason: /cut short|no snapshot/ },
  'a file of zeros': { make: () => Buffer.alloc(4_096), reason: /cut short|no snapshot/ },
  'another program’s JSON': { make: () => JSON.stringify({ sessions: ['x'.repeat(100)] }), reason: /no snapshot/ },
  'a trailer alone': { make: () => sealed(''), reason: /cut short/ },
  'a trailer after an empty line': { make: () => sealed('\n'), reason: /./ },
  'a header that is no JSON': { make: (sound) => sealed(sound.replace('{', '[')), reason: /./ },
  'a foreign format': {
    make: (sound) => sealed(sound.replace('session-mailbox snapshot', 'another snapshot')),
    reason: /header/,
  },
  'a foreign version': { make: (sound) => sealed(sound.replace('"version":2', '"version":3')), reason: /version 2.*3/ },
  'a record more than announced': {
    make: (sound) => sealed(sound.replace('"records":5', '"records":4')),
    reason: /5 of 4/,
  },
  'a record less than announced': {
    make: (sound) => sealed(sound.replace('"records":5', '"records":6')),
    reason: /5 of 6/,
  },
  'a line that is no JSON': {
    make: (sound) => sealed(`${sound}{"app":\n`.replace('"records":5', '"records":6')),
    reason: /./,
  },
  'a record that is no session': {
    make: (sound) => sealed(`${sound}{"app":"default"}\n`.replace('"records":5', '"records":6')),
    reason: /record/,
  },
  'a record with a field of a wrong type': {
    make: (sound) => sealed(sound.replace(/"ttl":\d+/g, '"ttl":"soon"')),
    reason: /ttl/,
  },
  'bytes after the trailer': { make: (sound) => `${sealed(sound)}more\n`, reason: /./ },
  'two snapshots in one file': { make: (sound) => sealed(sound) + sealed(sound), reason: /checksum/ },
};

for (const [name, { make, reason }] of Object.entries(contents)) {
  test(`${name} is set aside with a warning, and the start is empty`, async (t) => {
    const { folder, bytes } = await written(t);
    const text = bytes.toString();
    const sound = text.slice(0, text.lastIndexOf('{"sha256"'));
    await writeFile(folder.path, make(sound));
    await startsEmpty(t, folder, reason);
  });
}

test('a file that is truncated anywhere is set aside with a warning, and the start is empty', async (t) => {
  const { folder, ids, bytes } = await written(t);
  const text = bytes.toString();
  const lineEnds = [...text.matchAll(/\n/g)].map(({ index }) => index);
  const cuts = new Set([1, 77, 78, 79, bytes.length - 78, bytes.length - 79, bytes.length - 1]);
  for (const end of lineEnds) for (const cut of [end - 1, end, end + 1]) if (cut < bytes.length) cuts.add(cut);
  for (let cut = 0; cut < bytes.length; cut += 97) cuts.add(cut);
  for (const cut of cuts) {
    await writeFile(folder.path, bytes);
    await truncate(folder.path, cut);
    folder.warnings.length = 0;
    const trial = await folder.start();
    t.is(folder.warnings.length, 1, `cut at ${cut}`);
    for (const id of ids) await isUnknown(trial.store.get(app, id), `cut at ${cut}`);
    await folder.crash();
  }
});

test('a file with any byte changed is set aside with a warning, and nothing of it is restored', async (t) => {
  const { folder, bytes } = await written(t);
  const change = fc.record({ place: fc.nat({ max: bytes.length - 1 }), by: fc.integer({ min: 1, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(change, async ({ place, by }) => {
      const damaged = Buffer.from(bytes);
      damaged[place] = ((damaged[place] ?? 0) + by) % 256;
      await writeFile(folder.path, damaged);
      folder.warnings.length = 0;
      const trial = await folder.start();
      await folder.crash();
      t.is(folder.warnings.length, 1);
      t.deepEqual(await allPages(trial.store, 10), []);
    }),
  );
});

test('a damaged file is kept unchanged for the operator', async (t) => {
  const { folder, bytes } = await written(t);
  const damaged = bytes.toString().replace('dark', 'lark');
  await writeFile(folder.path, damaged);
  await folder.start();
  const [aside = ''] = await folder.names();
  t.is(await readFile(join(folder.folder, aside), 'utf8'), damaged);
});

test('reading stops at the first fault with a SnapshotFault, before it returns anything', async (t) => {
  const { folder, bytes } = await written(t);
  const damaged = Buffer.from(bytes);
  damaged[bytes.length - 100] = 0;
  await writeFile(folder.path, damaged);
  let given = 0;
  await t.throwsAsync(
    folder.file().read(() => {
      given += 1;
    }),
    { instanceOf: SnapshotFault },
  );
  t.is(given, 0);
});
