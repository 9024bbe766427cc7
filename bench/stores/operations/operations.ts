import type { SessionManager } from '../../../src/index.js';
import { TEXT_SIZE } from '../plan.js';

/** In this order: each needs the result of the previous one. */
export const OPERATIONS = ['create', 'authenticate', 'get', 'push', 'poll', 'kill'] as const;
export type Operation = (typeof OPERATIONS)[number];

export const TOKEN_WIDTH = 64;
const ID_WIDTH = 24;
const text = 'x'.repeat(TEXT_SIZE);

/** Logs the n-th account in and returns the session's token. */
export async function create(manager: SessionManager, n: number): Promise<string> {
  return (await manager.createSession(`account-${n}`, { ip: '127.0.0.1' })).token;
}

/** All operations except `create`, each on the session of a token. */
export const onSession: Readonly<
  Record<Exclude<Operation, 'create'>, (manager: SessionManager, token: string) => Promise<unknown>>
> = {
  authenticate: (manager, token) => manager.authenticate(token),
  get: (manager, token) => manager.getSession(token.slice(0, ID_WIDTH)),
  push: (manager, token) => manager.push(token.slice(0, ID_WIDTH), { text }),
  async poll(manager, token) {
    const { messages } = await manager.poll(token.slice(0, ID_WIDTH), { after: '', wait: 0 });
    if (messages.length !== 1) throw new Error(`${messages.length} messages instead of one`);
  },
  async kill(manager, token) {
    if (!(await manager.closeSession(token.slice(0, ID_WIDTH)))) throw new Error('no such session');
  },
};
