import type { ExecutionContext } from 'ava';
import type { SessionContextOptions } from '../../../../src/index.js';
import type { ServiceProcess } from '../service-process.js';

export type Pair = readonly [ServiceProcess, ServiceProcess];

/** Declares a test with two nodes that have these settings, or with the shared nodes if `context` is undefined. */
export type DeclareForPair = (
  title: string,
  context: SessionContextOptions | undefined,
  body: (t: ExecutionContext, nodes: Pair) => Promise<void>,
) => void;

let accounts = 0;

/** Returns the name of an account that no other test uses. */
export function newAccount(): string {
  accounts += 1;
  return `account-${accounts}`;
}

const endings = {
  maxSession: 1,
  onMaxSession: 'evict-oldest',
  gcInterval: 100,
  msgMaxLength: 1,
  onOverflow: 'close',
} as const;

/** Declares tests of how changes in one process reach the polls that another process holds. */
export function wakeUpFaults(everywhere: DeclareForPair): void {
  everywhere('a push on one node answers the poll that another holds', undefined, async (t, [one, other]) => {
    const sessions = await Promise.all(Array.from({ length: 5 }, () => one.do('create', newAccount())));
    for (const { id } of sessions) {
      const held = await other.hold(id);
      t.deepEqual(await one.do('push', id, { text: 'é\u2028', to: id }), { accepted: 1, dropped: 0, refused: 0 });
      const { messages, lost } = await held.batch;
      t.deepEqual([messages.map(({ data }) => data), lost], [[{ text: 'é\u2028', to: id }], 0]);
    }
  });

  everywhere('a push to an account answers polls of its sessions on all nodes', undefined, async (t, nodes) => {
    const [one, other] = nodes;
    const account = newAccount();
    const sessions = [await one.do('create', account), await one.do('create', account)];
    const polls = [];
    for (const { id } of sessions)
      for (const node of nodes) polls.push(await node.hold(id, `at-${nodes.indexOf(node)}`));
    await other.do('pushToAccount', account, 'hi');
    for (const { batch } of polls)
      t.deepEqual(
        (await batch).messages.map(({ data }) => data),
        ['hi'],
      );
  });

  everywhere(
    'a poll held on one node ends when its reader polls on another, and the newer poll stays held',
    undefined,
    async (t, [one, other]) => {
      const { id } = await one.do('create', newAccount());
      const older = await one.hold(id, 'tab');
      const newer = await other.hold(id, 'tab');
      t.is((await older.batch).superseded, true);
      t.false(newer.isOver);
      await one.do('push', id, 1);
      const { messages, superseded } = await newer.batch;
      t.deepEqual([messages.length, superseded], [1, undefined]);
    },
  );

  everywhere('a reader that a read on another node evicts is superseded', { maxReader: 1 }, async (t, [one, other]) => {
    const { id } = await one.do('create', newAccount());
    const older = await one.hold(id, 'first');
    const newer = await other.hold(id, 'second');
    t.is((await older.batch).superseded, true);
    t.false(newer.isOver);
  });

  everywhere(
    'a reader that returns to a node is not superseded by the poll it made at another node in between',
    undefined,
    async (t, [one, other]) => {
      const { id } = await one.do('create', newAccount());
      const polls = [];
      for (const node of [one, other, one, other, one]) polls.push(await node.hold(id, 'tab'));
      const last = polls.pop();
      for (const { batch } of polls) t.is((await batch).superseded, true);
      t.is(last?.isOver, false);
      await other.do('push', id, 'x');
      t.is((await last?.batch)?.messages.length, 1);
    },
  );

  everywhere(
    'when a session ends on one node, its held polls end on every node, with the reason',
    endings,
    async (t, nodes) => {
      const [one] = nodes;
      const ways: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
        revoked: (id) => one.do('close', id),
        logout: (id) => one.do('close', id, 'logout'),
        evicted: () => one.do('create', 'evicted'),
        replaced: async (id) => one.do('replace', (await one.do('create', 'newcomer')).id, id),
        // The node that sweeps the session notifies the other node.
        'max-age': async () => {},
      };
      for (const [reason, end] of Object.entries(ways)) {
        const { id } = await one.do('create', reason, reason === 'max-age' ? { maxAge: 2_000 } : {});
        const polls = [];
        for (const node of nodes) polls.push(await node.hold(id, `at-${nodes.indexOf(node)}`));
        await end(id);
        for (const { batch } of polls) {
          const code: string | undefined = (await batch).closed?.code;
          t.is(code, reason);
        }
      }
    },
  );

  everywhere('a rotation on one node ends the polls held on every node', undefined, async (t, nodes) => {
    const [one, other] = nodes;
    const { id } = await one.do('create', newAccount());
    const polls = [await one.hold(id, 'at-one'), await other.hold(id, 'at-other')];
    const { token } = await one.do('rotate', id, {});
    for (const { batch } of polls) {
      const { closed, messages } = await batch;
      t.deepEqual([closed?.code, closed?.reconnect, messages], ['rotated', true, []]);
    }
    t.is(await other.do('authenticate', token), id);
    const held = await other.hold(id);
    await one.do('rotate', id, { keepOpen: true });
    await one.do('push', id, 'kept');
    t.deepEqual(
      (await held.batch).messages.map(({ data }) => data),
      ['kept'],
    );
  });

  everywhere('closing an account on one node ends its polls on the other', undefined, async (t, [one, other]) => {
    const account = newAccount();
    const { id } = await one.do('create', account);
    const held = await other.hold(id);
    t.is(await one.do('closeAccount', account), 1);
    t.is((await held.batch).closed?.code, 'revoked');
  });
}
