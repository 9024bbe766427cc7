import { execFile } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import type { TrialSession } from '../../../../src/conformance/trial.js';
import { SessionError } from '../../../../src/index.js';
import { freshPath } from '../create-sqlite-store.js';
import { openedTrial, trialOf } from '../opened-trial.js';
import { damageIn } from '../verify.js';

const run = promisify(execFile);
const large = { attributes: { text: JSON.stringify('x'.repeat(2_000)) } };

// Only root can mount the small disk.
(process.getuid?.() === 0 ? test : test.skip)(
  'a full disk refuses writes with a clear error and damages nothing, and writes succeed again once there is space',
  async (t) => {
    const path = await freshPath(t);
    const directory = dirname(path);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', directory]);
    t.teardown(async () => void (await run('umount', ['--lazy', directory])));
    const trial = await openedTrial(t, { path });
    const logins: TrialSession[] = [];
    const error = await t.throwsAsync(async () => {
      for (;;) logins.push(await trial.login('alice', large));
    });
    t.true(SessionError.is(error, 'STORE_UNAVAILABLE'));
    t.regex(String(error?.message), /the disk is full/);
    t.true(logins.length > 20);
    const [first] = logins;
    t.is((await trial.store.get('default', first?.id ?? '')).accountId, 'alice');
    // Small writes may still fit where the large one did not. These pings fill the remaining space.
    const ping = async () => {
      for (;;) await trial.store.ping();
    };
    await t.throwsAsync(ping, { code: 'STORE_UNAVAILABLE', message: /the disk is full/ });
    await run('mount', ['-o', 'remount,size=16m', directory]);
    logins.push(await trial.login('alice', large));
    await trial.store.ping();
    for (const { id } of logins) t.is((await trial.store.get('default', id)).id, id);
    await trial.close();
    t.deepEqual(await damageIn(path), []);
  },
);

// Only root can mount the disk, and mount it again as read-only.
(process.getuid?.() === 0 ? test : test.skip)(
  'a store on a read-only disk does not open and reports why; it opens with all sessions once the disk is writable',
  async (t) => {
    const made = await freshPath(t);
    const before = trialOf({ path: made });
    await before.store.open(before);
    const { id } = await before.login();
    await before.store.close();
    const path = await freshPath(t);
    const directory = dirname(path);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=0700', 'tmpfs', directory]);
    t.teardown(async () => void (await run('umount', ['--lazy', directory])));
    await copyFile(made, path);
    await run('mount', ['-o', 'remount,ro', directory]);
    for (const each of [path, `${path}.new`]) {
      const trial = trialOf({ path: each });
      const error = await t.throwsAsync(trial.store.open(trial), { code: 'STORE_UNAVAILABLE' });
      t.regex(String(error?.message), /read-only/, each);
    }
    await run('mount', ['-o', 'remount,rw', directory]);
    const after = await openedTrial(t, { path });
    t.is((await after.store.get('default', id)).id, id);
    await after.store.ping();
    await after.store.close();
    t.deepEqual(await damageIn(path), []);
  },
);

// Root may write to any file.
(process.getuid?.() === 0 ? test.skip : test)('a file without permission to write is told so', async (t) => {
  const path = await freshPath(t);
  await writeFile(path, '', { mode: 0o400 });
  const trial = trialOf({ path });
  await t.throwsAsync(trial.store.open(trial), { code: 'STORE_UNAVAILABLE', message: /read-only|permissions/ });
});
