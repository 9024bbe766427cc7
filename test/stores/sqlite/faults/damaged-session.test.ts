import test, { type ExecutionContext } from 'ava';
import { ManualClock } from '../../../../src/conformance/manual-clock.js';
import { outgoing, Trial, valuesOf } from '../../../../src/conformance/trial.js';
import { type ClosedSession, SessionContext, type SessionContextOptions, SessionError } from '../../../../src/index.js';
import { isChangeFeed } from '../../../../src/store/change-feed.js';
import { hashSecret } from '../../../../src/store/session-token.js';
import { loadDriver } from '../../../../src/stores/sqlite/driver/driver.js';
import { SqliteStore } from '../../../../src/stores/sqlite/index.js';
import { eventually } from '../../../support/eventually.js';
import { freshPath } from '../create-sqlite-store.js';

const app = 'default';
const damaged = { code: 'STORE_UNAVAILABLE', message: /damaged: a row of the table (session|contact) does not fit/ };

/** Changes of the first session's rows, as a disk may make them. */
const damages: Readonly<Record<string, string>> = {
  'row of session': "UPDATE session SET attributes = '[]' WHERE key = 1",
  'row of contact': 'UPDATE contact SET ttl = ttl + 1 WHERE key = 1',
  'number that is too large for JavaScript': 'UPDATE contact SET reads = 9223372036854775807 WHERE key = 1',
};

/** Opens stores of one file, one after the other, under one clock. */
function stage(t: ExecutionContext, path: string, options: SessionContextOptions = {}) {
  const clock = new ManualClock();
  const context = new SessionContext({ maxSession: 0, gcTime: 1_000, hbGrace: 100, ...options });
  const open = async () => {
    const store = new SqliteStore(context, { path }, clock);
    const advance = (milliseconds: number) => clock.advance(milliseconds);
    const trial = new Trial({ store, advance, close: () => store.close() }, 1, { gcTime: 1_000 });
    await store.open(trial);
    t.teardown(() => store.close());
    return trial;
  };
  return { clock, open };
}

async function change(path: string, sql: string): Promise<void> {
  const database = (await loadDriver()).open(path);
  database.exec(sql);
  database.close();
}

/** Collects the reports of damage. Serial tests only: the warnings of a process have no sender. */
function reports(t: ExecutionContext): readonly string[] {
  const told: string[] = [];
  const note = (warning: Error) => {
    if (warning.name === 'SessionMailboxWarning') told.push(warning.message);
  };
  process.on('warning', note);
  t.teardown(() => process.off('warning', note));
  return told;
}

async function chunksOf<Item>(chunks: AsyncIterable<readonly Item[]>): Promise<readonly Item[]> {
  const items: Item[] = [];
  for await (const chunk of chunks) items.push(...chunk);
  return items;
}

/** A file with four sessions of alice, of which the first is damaged, opened by a process that knows none of them. */
async function withDamage(t: ExecutionContext, damage: string, options?: SessionContextOptions) {
  const path = await freshPath(t);
  const { open, clock } = stage(t, path, options);
  const before = await open();
  const { id, secretHash } = await before.login();
  const rest = [await before.login(), await before.login(), await before.login()];
  await change(path, damage);
  const others = rest.map((each) => each.id);
  return { path, before, trial: await open(), open, clock, id, secretHash, others };
}

for (const [row, damage] of Object.entries(damages)) {
  test.serial(`a damaged ${row} is not swept, and the other sessions are, with one report`, async (t) => {
    const told = reports(t);
    const { trial, clock, others, id } = await withDamage(t, damage);
    clock.advance(200);
    for (let round = 0; round < 3; round += 1) {
      const { items } = await trial.store.judgePresence(2);
      t.is(items.length, round === 0 ? 2 : round === 1 ? 1 : 0);
    }
    clock.advance(1_000);
    const swept: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const { items } = await trial.store.sweep(2);
      swept.push(...items.map((each) => each.id));
    }
    t.deepEqual(swept.toSorted(), others.toSorted());
    await t.throwsAsync(trial.store.get(app, id), damaged, 'it is not taken for ended');
    t.is(told.filter((text) => text.includes('damaged')).length, 1, told.join('\n'));
  });

  test.serial(`a damaged ${row} is left out of lists, counts of accounts, broadcasts and pushes`, async (t) => {
    reports(t);
    const { trial, others, id, secretHash } = await withDamage(t, damage);
    const { store } = trial;
    for (const limit of [1, 2, 10]) {
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.listApp(app, { activeWithin: undefined, limit, cursor });
        listed.push(...page.records.map((record) => record.id));
        cursor = page.cursor;
      } while (cursor !== undefined);
      t.deepEqual(listed, others.toSorted(), `pages of ${limit}`);
      t.deepEqual(await chunksOf(store.scanApp(app, limit)), others.toSorted());
    }
    t.deepEqual(
      (await store.listAccount(app, 'alice')).map((record) => record.id),
      others,
    );
    t.is(await store.countActiveAccounts(app, 1_000), 1);
    t.is((await store.appendToAccount(app, 'alice', outgoing('a'))).length, 3);
    await t.throwsAsync(store.get(app, id), damaged);
    await t.throwsAsync(store.authenticate(app, id, secretHash), damaged);
    await t.throwsAsync(store.append(app, id, outgoing('a')), damaged);
  });

  test.serial(`a damaged ${row} does not count for the limit of its account`, async (t) => {
    reports(t);
    const { trial } = await withDamage(t, damage);
    await trial.login('alice', { maxSession: 4 });
    await t.throwsAsync(trial.login('alice', { maxSession: 4 }), { code: 'SESSION_LIMIT' });
  });

  test.serial(`every end of a session with a damaged ${row} ends it in all processes`, async (t) => {
    reports(t);
    const ends: readonly ((trial: Trial, id: string, other: string) => Promise<unknown>)[] = [
      ({ store }, id) => store.end(app, id, 'revoked'),
      ({ store }) => store.endAccount(app, 'alice', 'revoked', undefined),
      ({ store }, _id, other) => store.endAccount(app, 'alice', 'revoked', other),
      ({ store }, _id, other) => store.rotateAndEndOthers(app, 'alice', other, 'h'.repeat(43)),
      ({ store }) => chunksOf(store.endApp(app, 'revoked')),
    ];
    for (const end of ends) {
      const { path, before, trial, open, id, others } = await withDamage(t, damage);
      t.is((await before.store.get(app, id)).id, id, 'the process that used it last has its true values');
      const closed = await end(trial, id, others[0] ?? '');
      t.truthy(closed);
      for (const each of [before, trial, await open()]) {
        const error = await t.throwsAsync(each.store.get(app, id));
        t.true(SessionError.is(error, 'SESSION_CLOSED') || SessionError.is(error, 'SESSION_UNKNOWN'), String(error));
      }
      const database = (await loadDriver()).open(path);
      const left = database.prepare('SELECT count(*) FROM session JOIN contact USING (key) WHERE key = 1').get();
      database.close();
      t.deepEqual(left, [0]);
    }
  });
}

test.serial(
  'the bearer of a session with a damaged row of contact can end it, and no one without its secret',
  async (t) => {
    reports(t);
    const { trial, before, id, secretHash } = await withDamage(t, damages['row of contact'] ?? '');
    t.is(await trial.store.endAsBearer(app, id, hashSecret('wrong'), 'logout'), undefined);
    t.is((await before.store.get(app, id)).id, id);
    const closed = { app, id, accountId: 'alice', reason: 'logout', undelivered: 0 } as const;
    t.deepEqual(await trial.store.endAsBearer(app, id, secretHash, 'logout'), closed);
    for (const { store } of [before, trial]) {
      const error = await t.throwsAsync(store.get(app, id));
      t.true(SessionError.is(error, 'SESSION_CLOSED') || SessionError.is(error, 'SESSION_UNKNOWN'), String(error));
    }
  },
);

test.serial(
  'a session with a damaged row of session, whose secret is unknown, is not ended by its bearer',
  async (t) => {
    reports(t);
    const { trial, id, secretHash } = await withDamage(t, damages['row of session'] ?? '');
    await t.throwsAsync(trial.store.endAsBearer(app, id, secretHash, 'logout'), damaged);
    t.truthy(await trial.store.end(app, id, 'logout'));
  },
);

for (const [row, damage] of Object.entries(damages)) {
  test.serial(
    `every end of many sessions lists the one with a damaged ${row}, and all processes are told`,
    async (t) => {
      reports(t);
      const ends: readonly ((trial: Trial, other: string) => Promise<readonly ClosedSession[]>)[] = [
        ({ store }) => store.endAccount(app, 'alice', 'revoked', undefined),
        async ({ store }, other) => (await store.rotateAndEndOthers(app, 'alice', other, 'h'.repeat(43))).closed,
        ({ store }) => chunksOf(store.endApp(app, 'revoked')),
      ];
      for (const end of ends) {
        const { before, trial, id, others } = await withDamage(t, damage);
        const told: string[] = [];
        const watcher = {
          changed: (_app: string, each: string) => void told.push(each),
          interrupted() {},
          resumed() {},
        };
        if (!isChangeFeed(before.store)) throw new Error('the store has no method watchChanges');
        await before.store.watchChanges(watcher);
        const closed = await end(trial, others[0] ?? '');
        t.is(closed.filter((each) => each.id === id && each.reason === 'revoked').length, 1);
        await eventually(() => told.includes(id));
      }
    },
  );
}

test.serial('more damaged sessions than one sweep examines keep no other session from its end', async (t) => {
  const told = reports(t);
  const path = await freshPath(t);
  const { open, clock } = stage(t, path);
  const before = await open();
  for (let each = 0; each < 600; each += 1) await before.login();
  clock.advance(1);
  const { id } = await before.login('bob');
  await change(path, "UPDATE session SET ip = 'x' WHERE account = 'alice'");
  const trial = await open();
  t.deepEqual(
    (await trial.store.listApp(app, { activeWithin: undefined, limit: 5, cursor: undefined })).records.length,
    1,
  );
  clock.advance(2_000);
  let swept: readonly string[] = [];
  for (let round = 0; round < 6 && swept.length === 0; round += 1) {
    swept = (await trial.store.sweep(50)).items.map((each) => each.id);
  }
  t.deepEqual(swept, [id]);
  t.true(told.length <= 21, `${told.length} reports`);
});

test.serial('damaged messages are reported to the reader as lost, and the mailbox works on', async (t) => {
  for (const messageTtl of [0, 60_000]) {
    const path = await freshPath(t);
    const { open } = stage(t, path, { messageTtl, msgMaxLength: 3 });
    const before = await open();
    const { id } = await before.login();
    const long = (text: string) => text.repeat(1_000);
    await before.push(id, long('a'), long('b'), long('c'));
    await change(path, "UPDATE message SET json = replace(json, 'a', 'x')");
    const trial = await open();
    t.is((await trial.store.listAccount(app, 'alice')).length, 1);
    const batch = await trial.read(id);
    t.deepEqual([valuesOf(batch), batch.lost], [[long('b'), long('c')], 1]);
    await trial.push(id, long('d'), long('e'));
    t.deepEqual(valuesOf(await trial.read(id)), [long('c'), long('d'), long('e')]);
    await change(path, "UPDATE message SET json = '0'");
    const last = await open();
    const none = await last.read(id);
    t.deepEqual([valuesOf(none), none.lost], [[], 5]);
    await last.push(id, long('f'), long('g'), long('h'), long('i'));
    t.deepEqual(valuesOf(await last.read(id)), [long('g'), long('h'), long('i')]);
    t.is((await last.store.end(app, id, 'logout'))?.undelivered, 3);
    const database = (await loadDriver()).open(path);
    t.deepEqual(database.prepare('SELECT count(*) FROM message').get(), [0]);
    database.close();
  }
});
