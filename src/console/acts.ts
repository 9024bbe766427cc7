import { invalidArgument } from '../errors/session-error.js';
import type { OperatorAct } from '../events/session-events.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import { requireAccountId, requireSessionId } from '../store/session-arguments.js';
import type { Operator } from './operator.js';

export type ActName = OperatorAct['act'];

const names: ReadonlySet<string> = new Set(['revoke', 'revoke-others', 'close-account', 'push'] satisfies ActName[]);

export function isActName(name: string): name is ActName {
  return names.has(name);
}

/** The result of an act. */
export interface ActReport {
  /** Sessions that were closed, or mailboxes that keep the message. */
  readonly count: number;
}

/** A well-formed act, with the session or account that it is on. */
interface CheckedAct {
  readonly id?: string;
  readonly accountId?: string;
  /** @param onAccount called as soon as the account of the session is known */
  run(onAccount: (accountId: string) => void): Promise<number>;
}

/**
 * Closes sessions or pushes a message for an operator. Emits `audit` when the act has ended, whether it succeeded or not.
 * A request that is not well-formed throws, and is not audited.
 * @param body the JSON of the request
 * @throws SessionError the errors of the manager's method for the act
 */
export async function carryOut(
  manager: SessionManager,
  operator: Operator,
  act: ActName,
  body: unknown,
): Promise<ActReport> {
  const checked = checkAct(manager, act, fieldsOf(body));
  let { accountId } = checked;
  let count = 0;
  let outcome: OperatorAct['outcome'] = 'failed';
  try {
    count = await checked.run((known) => {
      accountId = known;
    });
    outcome = 'done';
    return { count };
  } finally {
    const { app, now } = manager;
    const { name, ip } = operator;
    const payload = { app, operator: name, act, id: checked.id, accountId, outcome, count, at: now, ip };
    runtimeOf(manager).events.emit('audit', payload);
  }
}

function checkAct(manager: SessionManager, act: ActName, fields: Readonly<Record<string, unknown>>): CheckedAct {
  switch (act) {
    case 'revoke':
      return revoke(manager, requireSessionId(fields.id));
    case 'revoke-others':
      return revokeOthers(manager, requireSessionId(fields.id));
    case 'close-account': {
      const accountId = requireAccountId(fields.account);
      return { accountId, run: () => manager.closeAccount(accountId) };
    }
    case 'push':
      return push(manager, fields);
  }
}

function revoke(manager: SessionManager, id: string): CheckedAct {
  return {
    id,
    async run(onAccount) {
      // Find the account first: once the session is closed, the store does not return its account.
      onAccount((await manager.getSession(id)).accountId);
      return (await manager.closeSession(id)) ? 1 : 0;
    },
  };
}

function revokeOthers(manager: SessionManager, id: string): CheckedAct {
  return {
    id,
    async run(onAccount) {
      const { accountId } = await manager.getSession(id);
      onAccount(accountId);
      return manager.closeAccount(accountId, { except: id });
    },
  };
}

function push(manager: SessionManager, { id, account, data }: Readonly<Record<string, unknown>>): CheckedAct {
  if (data === undefined) throw invalidArgument('data', 'must be given', data);
  if (account !== undefined) {
    const accountId = requireAccountId(account);
    return { accountId, run: async () => (await manager.pushToAccount(accountId, data)).accepted };
  }
  const sessionId = requireSessionId(id);
  return {
    id: sessionId,
    async run(onAccount) {
      onAccount((await manager.getSession(sessionId)).accountId);
      return (await manager.push(sessionId, data)).accepted;
    },
  };
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return { ...body };
  throw invalidArgument('body', 'must be a JSON object', typeof body);
}
