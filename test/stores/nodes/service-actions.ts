import { appendFileSync } from 'node:fs';
import type { Container } from 'inversify';
import { WaitingRoom } from '../../../src/delivery/waiting-room.js';
import {
  type Batch,
  type CreateOptions,
  type PollOptions,
  type PushReport,
  SessionError,
  SessionManager,
  type SessionsOfAppOptions,
} from '../../../src/index.js';
import type { Tracked } from './tracked-store.js';
import { setWallClock } from './wall-clock.js';

export interface PlainSession {
  readonly id: string;
  readonly token: string;
}

/** A batch that can travel between processes. */
export type PlainBatch = Omit<Batch, 'messages'> & { readonly messages: readonly PlainMessage[] };

interface PlainMessage {
  readonly offset: number;
  readonly data: unknown;
}

export interface CreationTally {
  readonly created: readonly PlainSession[];
  /** The number of refusals by error code. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface ClosedReport {
  readonly id: string;
  readonly reason: string;
  readonly undelivered: number;
}

/** The actions that a node with the whole service performs for a test. */
export class ServiceActions {
  readonly #container: Container;
  readonly #manager: SessionManager;
  readonly #operations: Tracked;
  readonly #closed: ClosedReport[] = [];
  readonly #unhandled: string[] = [];

  /** @param eventLog a file to which the id of each closed session is appended immediately; it outlives the process */
  constructor(container: Container, manager: SessionManager, operations: Tracked, eventLog: string | undefined) {
    this.#operations = operations;
    this.#container = container;
    this.#manager = manager;
    manager.on('closed', ({ id, reason, undelivered }) => {
      this.#closed.push({ id, reason, undelivered });
      if (eventLog !== undefined) appendFileSync(eventLog, `${id}\n`);
    });
    process.on('unhandledRejection', (error) => this.#unhandled.push(String(error)));
  }

  async create(accountId: string, options?: CreateOptions): Promise<PlainSession> {
    const { id, token } = await this.#manager.createSession(accountId, options);
    return { id, token };
  }

  /** Makes `count` logins, `inFlight` at a time, all to one account or each to a different account. */
  async createMany(accountId: string, count: number, inFlight: number, isOneAccount: boolean): Promise<CreationTally> {
    const created: PlainSession[] = [];
    const refused: Record<string, number> = {};
    let begun = 0;
    const createOn = async () => {
      while (begun < count) {
        begun += 1;
        try {
          created.push(await this.create(isOneAccount ? accountId : `${accountId}-${begun}`));
        } catch (error) {
          const code = SessionError.is(error) ? error.code : String(error);
          refused[code] = (refused[code] ?? 0) + 1;
        }
      }
    };
    await Promise.all(Array.from({ length: inFlight }, createOn));
    return { created, refused };
  }

  async authenticate(token: string): Promise<string> {
    return (await this.#manager.authenticate(token)).id;
  }

  async undelivered(id: string): Promise<number> {
    return (await this.#manager.getSession(id)).undelivered;
  }

  async attribute(id: string, key: string): Promise<unknown> {
    return (await this.#manager.getSession(id)).getAttr(key);
  }

  async setAttribute(id: string, key: string, value: string): Promise<void> {
    await (await this.#manager.getSession(id)).setAttr(key, value);
  }

  async rotate(id: string, options: { readonly keepOpen?: boolean }): Promise<PlainSession> {
    const { token } = await this.#manager.rotateToken(id, options);
    return { id, token };
  }

  async replace(newId: string, oldId: string): Promise<void> {
    await this.#manager.replaceSession(newId, oldId);
  }

  push(id: string, data: unknown): Promise<PushReport> {
    return this.#manager.push(id, data);
  }

  pushToAccount(accountId: string, data: unknown): Promise<PushReport> {
    return this.#manager.pushToAccount(accountId, data);
  }

  async poll(id: string, options: PollOptions): Promise<PlainBatch> {
    const batch = await this.#manager.poll(id, options);
    return { ...batch, messages: batch.messages.map(({ offset, data }) => ({ offset, data })) };
  }

  close(id: string, reason?: 'logout' | 'revoked'): Promise<boolean> {
    return this.#manager.closeSession(id, reason);
  }

  closeAccount(accountId: string): Promise<number> {
    return this.#manager.closeAccount(accountId);
  }

  async sessionsOfAccount(accountId: string): Promise<readonly string[]> {
    return (await this.#manager.sessionsOfAccount(accountId)).map(({ id }) => id);
  }

  async sessionsOfApp(options?: SessionsOfAppOptions): Promise<number> {
    return (await this.#manager.sessionsOfApp(options)).sessions.length;
  }

  /** Returns the number of polls that this node holds, after all running operations of the store have ended. */
  async held(): Promise<number> {
    await this.#operations.quiet();
    return this.#container.get(WaitingRoom).held;
  }

  /** Returns the sessions that this node reported as closed. */
  async closed(): Promise<readonly ClosedReport[]> {
    return this.#closed;
  }

  /** Returns the unhandled rejections. */
  async unhandled(): Promise<readonly string[]> {
    return this.#unhandled;
  }

  /** Returns the kinds of the active resources of this process. */
  async resources(): Promise<readonly string[]> {
    return process.getActiveResourcesInfo().toSorted();
  }

  /** @param ahead milliseconds */
  async setWallClock(ahead: number): Promise<void> {
    setWallClock(ahead);
  }

  async stop(): Promise<void> {
    await this.#container.unbindAllAsync();
  }
}
