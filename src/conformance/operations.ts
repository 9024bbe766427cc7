import assert from 'node:assert/strict';
import { hashSecret, newSecret } from '../store/session-token.js';
import { allPages, app, outgoing, renewal, scanned, type Trial, type TrialSession } from './trial.js';

/** Operations on one session, each of which must reject when it is closed or expired. */
export const refused: Readonly<
  Record<string, (trial: Trial, dead: TrialSession, live: TrialSession) => Promise<unknown>>
> = {
  authenticate: ({ store }, { id, secretHash }) => store.authenticate(app, id, secretHash),
  get: ({ store }, { id }) => store.get(app, id),
  touch: ({ store }, { id }) => store.touch(app, id, renewal),
  'touch that changes the ttl': ({ store }, { id }) => store.touch(app, id, { activity: true, ttl: 1_000_000_000 }),
  'insertOnce of its id': (trial, { id }) => trial.store.insertOnce(trial.newSession('alice', { id })),
  patch: ({ store }, { id }) => store.patch(app, id, { a: '1' }),
  patchAsBearer: ({ store }, { id, secretHash }) => store.patchAsBearer(app, id, secretHash, { a: '1' }),
  rotate: ({ store }, { id }) => store.rotate(app, id, hashSecret(newSecret()), false),
  reauthenticate: ({ store }, { id }) => store.reauthenticate(app, id, 2),
  recordClient: ({ store }, { id }) => store.recordClient(app, id, '::1', 'Agent'),
  'replace of it': ({ store }, dead, live) => store.replace(app, live.id, dead.id),
  'replace by it': ({ store }, dead, live) => store.replace(app, dead.id, live.id),
  append: ({ store }, { id }) => store.append(app, id, outgoing('late')),
  read: (trial, { id }) => trial.read(id),
  'read that would park': (trial, { id }) => trial.read(id, { wait: 1_000_000 }),
  acknowledgeAsBearer: ({ store }, { id, secretHash }) =>
    store.acknowledgeAsBearer(app, id, secretHash, 'default', { epoch: 'x', offset: 1, proof: 1 }),
  'read by its bearer': (trial, { id, secretHash }) => trial.read(id, { secretHash }),
};

/** Operations that skip a closed or expired session without an error. */
export const passesOver: Readonly<Record<string, (trial: Trial, dead: TrialSession) => Promise<void>>> = {
  end: async ({ store }, { id }) => assert.equal(await store.end(app, id, 'revoked'), undefined),
  endAsBearer: async ({ store }, { id, secretHash }) =>
    assert.equal(await store.endAsBearer(app, id, secretHash, 'revoked'), undefined),
  endAccount: async ({ store }, { accountId }) =>
    assert.deepEqual(await store.endAccount(app, accountId, 'revoked', undefined), []),
  endApp: async ({ store }, { id }) => {
    for await (const chunk of store.endApp(app, 'revoked')) assert.ok(chunk.every((closed) => closed.id !== id));
  },
  listAccount: async ({ store }, { accountId }) => assert.deepEqual(await store.listAccount(app, accountId), []),
  listApp: async ({ store }, { id }) => assert.ok(!(await allPages(store, 10)).includes(id)),
  scanApp: async ({ store }, { id }) => assert.ok(!(await scanned(store, 10)).includes(id)),
  countActiveAccounts: async ({ store }) => assert.equal(await store.countActiveAccounts(app, 1_000_000_000), 1),
  appendToAccount: async ({ store }, { accountId }) =>
    assert.deepEqual(await store.appendToAccount(app, accountId, outgoing('late')), []),
  appendToEach: async ({ store }, { id }) =>
    assert.deepEqual(await store.appendToEach(app, [id], outgoing('late')), []),
  acknowledge: (trial, { id }) => trial.acknowledge(id, 'default', { epoch: 'x', offset: 1 }),
  release: ({ store }, { id }) => store.release(app, id, 'default'),
  judgePresence: async (trial, { id }) => assert.ok(!(await trial.judge()).includes(id)),
};
