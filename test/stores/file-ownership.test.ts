import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { currentUser, findOwnershipFault, type TrustedUser } from '../../src/stores/file-ownership.js';

const me = currentUser();
const title = (text: string) => (me === undefined ? `skipped, no users here: ${text}` : text);
// Ownership is judged by user ids, which Windows does not have.
const run = me === undefined ? test.skip : test;

interface Place {
  readonly folder: string;
  readonly file: string;
}

async function freshFile(t: { teardown(clean: () => Promise<void>): void }): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'ownership-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'sessions');
  await writeFile(file, 'content', { mode: 0o600 });
  return { folder, file };
}

/** Returns another user, who does not own the files of these tests. */
function stranger(): TrustedUser {
  return { uid: (me?.uid ?? 0) + 12_345, gids: [12_345] };
}

run(title('a file in a folder is trusted when both belong to the user of this process'), async (t) => {
  const { file } = await freshFile(t);
  t.is(await findOwnershipFault(file), undefined);
});

run(title('a missing file and a missing folder are not reported as faults'), async (t) => {
  const { folder } = await freshFile(t);
  t.is(await findOwnershipFault(join(folder, 'missing')), undefined);
  t.is(await findOwnershipFault(join(folder, 'missing', 'too')), undefined);
});

run(title('a file to which all users may write is refused'), async (t) => {
  const { file } = await freshFile(t);
  await chmod(file, 0o602);
  t.is(await findOwnershipFault(file), `${file} can be written to by all users (mode 0602)`);
});

run(title('a file to which a group may write is refused unless the process is a member of the group'), async (t) => {
  const { file } = await freshFile(t);
  await chmod(file, 0o660);
  t.is(await findOwnershipFault(file), undefined);
  const alone = { uid: me?.uid ?? 0, gids: [] };
  t.regex(
    (await findOwnershipFault(file, alone)) ?? '',
    /can be written to by group \d+, of which this process is not a member$/,
  );
});

run(title('in a sticky folder of all users, a file of another user is refused'), async (t) => {
  const { folder, file } = await freshFile(t);
  await chmod(folder, 0o1777);
  t.is(await findOwnershipFault(file), undefined, 'the own file');
  const fault = await findOwnershipFault(file, stranger());
  t.regex(fault ?? '', /belongs to user \d+, but this process runs as user \d+$/);
});

run(title('a folder in which all users may replace files is refused'), async (t) => {
  const { folder, file } = await freshFile(t);
  await chmod(folder, 0o777);
  t.is(await findOwnershipFault(file), `${folder} can be written to by all users (mode 0777)`);
});

run(title('a folder of another user is refused, even when the file does not exist'), async (t) => {
  const { folder } = await freshFile(t);
  const own = join(folder, 'folder');
  await mkdir(own, { mode: 0o700 });
  // A folder of root is trusted. Therefore, when root runs this test, it gives the folder to another user.
  if (me?.uid === 0) await chown(own, 12_345, 12_345);
  const user = me?.uid === 0 ? me : stranger();
  t.regex((await findOwnershipFault(join(own, 'missing'), user)) ?? '', /folder belongs to user \d+, but/);
});

run(title('a symbolic link is judged by its owner and by its target'), async (t) => {
  const { folder, file } = await freshFile(t);
  const link = join(folder, 'link');
  await symlink(file, link);
  t.is(await findOwnershipFault(link), undefined);
  await chmod(file, 0o666);
  t.is(await findOwnershipFault(link), `${link} can be written to by all users (mode 0666)`);
});
