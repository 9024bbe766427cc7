import type { CloseReason } from '../../../errors/close-reason.js';
import type { OutgoingMessage } from '../../../mailbox/message.js';
import type { ReadRequest, Renewal } from '../../../store/session-store.js';
import type { Apps } from './apps.js';
import type { Background } from './background.js';
import type { Mailboxes } from './mailboxes.js';
import type { Nodes } from './nodes.js';
import type { PlainSession, SessionOperations } from './operations.js';

interface Parts {
  readonly sessions: SessionOperations;
  readonly mailboxes: Mailboxes;
  readonly apps: Apps;
  readonly background: Background;
  readonly nodes: Nodes;
}

/** Everything that the engine can be asked. Arguments and results travel between threads. */
export function operationsOf({ sessions, mailboxes, apps, background, nodes }: Parts) {
  return {
    insert: (session: PlainSession) => sessions.insert(session),
    insertOnce: (session: PlainSession) => sessions.insertOnce(session),
    authenticate: (app: string, id: string, secretHash: string) => sessions.authenticate(app, id, secretHash),
    get: (app: string, id: string) => sessions.get(app, id),
    touch: (app: string, id: string, renewal: Renewal) => sessions.touch(app, id, renewal),
    patch: (app: string, id: string, set: readonly string[], deleted: readonly string[]) =>
      sessions.patch(app, id, set, deleted),
    patchAsBearer: (app: string, id: string, secretHash: string, set: readonly string[], deleted: readonly string[]) =>
      sessions.patchAsBearer(app, id, secretHash, set, deleted),
    rotate: (app: string, id: string, secretHash: string) => sessions.rotate(app, id, secretHash),
    replace: (app: string, newId: string, oldId: string) => sessions.replace(app, newId, oldId),
    end: (app: string, id: string, reason: CloseReason) => sessions.end(app, id, reason),
    endAsBearer: (app: string, id: string, secretHash: string, reason: CloseReason) =>
      sessions.endAsBearer(app, id, secretHash, reason),
    endAccount: (app: string, accountId: string, reason: CloseReason, except: string | null) =>
      sessions.endAccount(app, accountId, reason, except),
    listAccount: (app: string, accountId: string) => sessions.listAccount(app, accountId),
    append: (app: string, id: string, message: OutgoingMessage) => mailboxes.append(app, id, message),
    appendToAccount: (app: string, accountId: string, message: OutgoingMessage) =>
      mailboxes.appendToAccount(app, accountId, message),
    appendToEach: (app: string, ids: readonly string[], message: OutgoingMessage) =>
      mailboxes.appendToEach(app, ids, message),
    read: (app: string, id: string, request: ReadRequest) => mailboxes.read(app, id, request),
    acknowledge: (app: string, id: string, reader: string, epoch: string, offset: number) =>
      mailboxes.acknowledge(app, id, reader, epoch, offset),
    release: (app: string, id: string, reader: string) => mailboxes.release(app, id, reader),
    page: (app: string, after: string, limit: number, within: number | null) => apps.page(app, after, limit, within),
    scan: (app: string, after: string, size: number) => apps.scan(app, after, size),
    endSome: (app: string, after: string, reason: CloseReason) => apps.endSome(app, after, reason),
    active: (app: string, after: string, within: number) => apps.active(app, after, within),
    sweep: (limit: number) => background.sweep(limit),
    told: (report: string) => background.told(report),
    judge: (limit: number) => background.judge(limit),
    watch: (watches: boolean) => nodes.watch(watches),
  };
}

export type EngineOperations = ReturnType<typeof operationsOf>;

/** Those that change nothing, and so need no transaction that others wait for. */
export const looking: ReadonlySet<string> = new Set<keyof EngineOperations>([
  'get',
  'listAccount',
  'page',
  'scan',
  'active',
]);

/** Those that take more room than they give, and are refused when there is none. */
export const growing: ReadonlySet<string> = new Set<keyof EngineOperations>([
  'insert',
  'insertOnce',
  'patch',
  'patchAsBearer',
  'append',
  'appendToAccount',
  'appendToEach',
]);
