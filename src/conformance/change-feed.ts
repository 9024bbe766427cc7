import assert from 'node:assert/strict';
import type { ChangeFeed, ChangeWatcher, SessionStore } from '../index.js';
import { hashSecret, newSecret } from '../store/session-token.js';
import type { DeclareRule } from './rule.js';
import { app, type Login, renewal, type Trial } from './trial.js';

/** How long a change may be on its way from a store that sends it over a wire. */
const patience = 2_000;

/** Keeps what it is told, as `<app>:<id>`. */
class Notebook implements ChangeWatcher {
  readonly changes: string[] = [];

  changed(namespace: string, id: string): void {
    this.changes.push(`${namespace}:${id}`);
  }

  interrupted(): void {
    this.changes.push('interrupted');
  }

  resumed(): void {
    this.changes.push('resumed');
  }

  /** Resolves once that change has come. */
  async hears(namespace: string, id: string): Promise<void> {
    const giveUpAt = performance.now() + patience;
    while (!this.changes.includes(`${namespace}:${id}`)) {
      assert.ok(performance.now() < giveUpAt, 'no change of the session was told');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

type Change = (trial: Trial, login: Login, other: Login) => Promise<unknown>;

/** Whatever makes a copy of the first session wrong. */
const changes: Readonly<Record<string, Change>> = {
  patch: ({ store }, { id }) => store.patch(app, id, { a: '1' }),
  patchAsBearer: ({ store }, { id, secretHash }) => store.patchAsBearer(app, id, secretHash, { a: '1' }),
  rotate: ({ store }, { id }) => store.rotate(app, id, hashSecret(newSecret())),
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

/** What every store does that tells of changes, besides being a store. */
export function changeFeedRules(rule: DeclareRule, unit: number, feedOf: (store: SessionStore) => ChangeFeed): void {
  for (const [name, change] of Object.entries(changes)) {
    rule(`${name} is told to those who watch for changes`, async (start) => {
      const trial = await start({ gcTime: 4 * unit });
      const notebook = new Notebook();
      const [login, other] = [await trial.login(), await trial.login()];
      await feedOf(trial.store).watchChanges(notebook);
      await change(trial, login, other);
      await notebook.hears(app, login.id);
    });
  }

  rule('an eviction is told to those who watch for changes', async (start) => {
    const trial = await start({ maxSession: 1, onMaxSession: 'evict-oldest' });
    const notebook = new Notebook();
    await feedOf(trial.store).watchChanges(notebook);
    const { id } = await trial.login();
    await trial.login();
    await notebook.hears(app, id);
  });

  rule('looking, reading and renewing are told to nobody, nor is what changes nothing', async (start) => {
    const trial = await start();
    const notebook = new Notebook();
    await feedOf(trial.store).watchChanges(notebook);
    const { id, secretHash } = await trial.login();
    await trial.store.get(app, id);
    await trial.store.touch(app, id, renewal);
    await trial.store.authenticate(app, id, secretHash);
    await trial.push(id, 'x');
    await trial.read(id);
    await trial.store.endAsBearer(app, id, hashSecret(newSecret()), 'logout');
    await trial.store.patchAsBearer(app, id, hashSecret(newSecret()), { a: '1' }).catch(() => {});
    const last = await trial.login('bob', { app: 'other' });
    await trial.store.end('other', last.id, 'revoked');
    await notebook.hears('other', last.id);
    assert.deepEqual(notebook.changes, [`other:${last.id}`]);
  });

  rule('who has stopped watching is told nothing, and others still are', async (start) => {
    const trial = await start();
    const [gone, staying] = [new Notebook(), new Notebook()];
    const stop = await feedOf(trial.store).watchChanges(gone);
    await feedOf(trial.store).watchChanges(staying);
    await stop();
    const { id } = await trial.login();
    await trial.store.end(app, id, 'revoked');
    await staying.hears(app, id);
    assert.deepEqual(gone.changes, []);
  });
}
