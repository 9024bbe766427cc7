import assert from 'node:assert/strict';
import type { ChangeFeed, ChangeWatcher, CloseReason, SessionChange, SessionStore } from '../index.js';
import { hashSecret, newSecret } from '../store/session-token.js';
import type { DeclareRule } from './rule.js';
import { app, renewal, type Trial, type TrialSession } from './trial.js';

/** Milliseconds to wait for a change from a store that sends it over a network. */
const patience = 10_000;

/** Records the changes that it is notified of: as `<app>:<id>`, and with their kinds. */
class ChangeRecorder implements ChangeWatcher {
  readonly changes: string[] = [];
  readonly #kinds: [app: string, id: string, SessionChange][] = [];

  changed(namespace: string, id: string, change: SessionChange): void {
    this.changes.push(`${namespace}:${id}`);
    this.#kinds.push([namespace, id, change]);
  }

  /** Returns the changes of that session without duplicates, because a store may notify of the same change repeatedly. */
  of(namespace: string, id: string): readonly SessionChange[] {
    const seen = new Map<string, SessionChange>();
    for (const [each, session, change] of this.#kinds) {
      if (each === namespace && session === id) seen.set(JSON.stringify(change), change);
    }
    return [...seen.values()];
  }

  interrupted(): void {
    this.changes.push('interrupted');
  }

  resumed(): void {
    this.changes.push('resumed');
  }

  /** Resolves as soon as a change of that session is recorded. */
  async recorded(namespace: string, id: string): Promise<void> {
    const giveUpAt = performance.now() + patience;
    while (!this.changes.includes(`${namespace}:${id}`)) {
      assert.ok(performance.now() < giveUpAt, 'no change of the session was notified');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

type Change = (trial: Trial, login: TrialSession, other: TrialSession) => Promise<unknown>;

/** Operations after which a copy of the first session is outdated. */
const changes: Readonly<Record<string, Change>> = {
  patch: ({ store }, { id }) => store.patch(app, id, { a: '1' }),
  patchAsBearer: ({ store }, { id, secretHash }) => store.patchAsBearer(app, id, secretHash, { a: '1' }),
  rotate: ({ store }, { id }) => store.rotate(app, id, hashSecret(newSecret()), false),
  'replace by it': ({ store }, { id }, other) => store.replace(app, id, other.id),
  'replace of it': ({ store }, { id }, other) => store.replace(app, other.id, id),
  end: ({ store }, { id }) => store.end(app, id, 'revoked'),
  endAsBearer: ({ store }, { id, secretHash }) => store.endAsBearer(app, id, secretHash, 'logout'),
  endAccount: ({ store }, { accountId }) => store.endAccount(app, accountId, 'revoked', undefined),
  endApp: async ({ store }) => {
    for await (const _chunk of store.endApp(app, 'revoked'));
  },
  'a sweep': async (trial) => {
    await trial.pass(4);
    await trial.sweep();
  },
};

const rotated = { kind: 'rotated' } as const;
const closed = (reason: CloseReason) => ({ kind: 'closed', reason }) as const;

/**
 * The change that the watchers receive for the first session, by operation, for operations that are more than a patch. The
 * received change also has the account.
 */
const kinds: Readonly<Record<string, typeof rotated | ReturnType<typeof closed>>> = {
  rotate: rotated,
  rotateAndEndOthers: rotated,
  'rotateAndEndOthers of another session': closed('revoked'),
  'replace of it': closed('replaced'),
  end: closed('revoked'),
  endAsBearer: closed('logout'),
  endAccount: closed('revoked'),
  endApp: closed('revoked'),
  'a sweep': closed('expired'),
};

/** Rules of `ChangeFeed`. */
export function changeFeedRules(rule: DeclareRule, unit: number, feedOf: (store: SessionStore) => ChangeFeed): void {
  for (const [name, change] of Object.entries(changes)) {
    rule(`${name} is notified to the watchers`, async (start) => {
      const trial = await start({ gcTime: 4 * unit });
      const recorder = new ChangeRecorder();
      const [login, other] = [await trial.login(), await trial.login()];
      await feedOf(trial.store).watchChanges(recorder);
      await change(trial, login, other);
      await recorder.recorded(app, login.id);
      const kind = kinds[name];
      if (kind !== undefined) assert.deepEqual(recorder.of(app, login.id), [{ ...kind, accountId: login.accountId }]);
    });
  }

  rule(
    'insert and insertOnce are notified to the watchers as created, each with its account and app',
    async (start) => {
      const trial = await start();
      const recorder = new ChangeRecorder();
      await feedOf(trial.store).watchChanges(recorder);
      const { id } = await trial.login('a:b', { app: 'other' });
      const session = trial.newSession('bob');
      await trial.store.insertOnce(session);
      await recorder.recorded('other', id);
      await recorder.recorded(app, session.id);
      assert.deepEqual(recorder.of('other', id), [{ kind: 'created', accountId: 'a:b' }]);
      assert.deepEqual(recorder.of(app, session.id), [{ kind: 'created', accountId: 'bob' }]);
    },
  );

  rule('the changes of one session are notified in their order', async (start) => {
    const trial = await start();
    const recorder = new ChangeRecorder();
    await feedOf(trial.store).watchChanges(recorder);
    const { id, accountId } = await trial.login();
    await trial.store.patch(app, id, { a: '1' });
    await trial.store.rotate(app, id, hashSecret(newSecret()), false);
    await trial.store.end(app, id, 'logout');
    const last = await trial.login();
    await recorder.recorded(app, last.id);
    assert.deepEqual(recorder.of(app, id), [
      { kind: 'created', accountId },
      { kind: 'patched' },
      { kind: 'rotated', accountId },
      { kind: 'closed', accountId, reason: 'logout' },
    ]);
  });

  rule('an eviction is notified to the watchers', async (start) => {
    const trial = await start({ maxSession: 1, onMaxSession: 'evict-oldest' });
    const recorder = new ChangeRecorder();
    await feedOf(trial.store).watchChanges(recorder);
    const { id, accountId } = await trial.login();
    const { id: last } = await trial.login();
    await recorder.recorded(app, last);
    assert.deepEqual(recorder.of(app, id), [
      { kind: 'created', accountId },
      { kind: 'closed', accountId, reason: 'evicted' },
    ]);
  });

  rule('reads, renewals, messages and operations without effect are not notified to watchers', async (start) => {
    const trial = await start();
    const recorder = new ChangeRecorder();
    const { id, secretHash } = await trial.login();
    await feedOf(trial.store).watchChanges(recorder);
    const again = { ...trial.newSession('alice'), id };
    await trial.store.insertOnce(again);
    await assert.rejects(trial.store.insert({ ...trial.newSession('alice'), maxSession: 1 }));
    await trial.store.get(app, id);
    await trial.store.touch(app, id, renewal);
    await trial.store.authenticate(app, id, secretHash);
    await trial.push(id, 'x');
    await trial.read(id);
    await trial.store.endAsBearer(app, id, hashSecret(newSecret()), 'logout');
    await trial.store.patchAsBearer(app, id, hashSecret(newSecret()), { a: '1' }).catch(() => {});
    const last = await trial.login('bob', { app: 'other' });
    await recorder.recorded('other', last.id);
    assert.deepEqual(recorder.changes, [`other:${last.id}`]);
  });

  rule('a watcher that has stopped is not notified, and others still are', async (start) => {
    const trial = await start();
    const [gone, staying] = [new ChangeRecorder(), new ChangeRecorder()];
    const stop = await feedOf(trial.store).watchChanges(gone);
    await feedOf(trial.store).watchChanges(staying);
    await stop();
    const { id } = await trial.login();
    await trial.store.end(app, id, 'revoked');
    await staying.recorded(app, id);
    assert.deepEqual(gone.changes, []);
  });
}
