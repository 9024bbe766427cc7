import { SessionManager } from '../../../../src/index.js';
import { openNode, type RedisNode } from '../../node.js';
import { accountOf, IP, type RedisSubject } from '../subject.js';

const ID_WIDTH = 24;

export class SessionMailbox implements RedisSubject {
  readonly #node: RedisNode;
  readonly #manager: SessionManager;

  private constructor(node: RedisNode) {
    this.#node = node;
    this.#manager = node.manager;
  }

  static async open(port: number): Promise<SessionMailbox> {
    return new SessionMailbox(await openNode(port));
  }

  async create(n: number): Promise<string> {
    return (await this.#manager.createSession(accountOf(n), { ip: IP })).token;
  }

  async authenticate(token: string): Promise<void> {
    await this.#manager.authenticate(token);
  }

  async kill(token: string): Promise<void> {
    if (!(await this.#manager.closeSession(token.slice(0, ID_WIDTH)))) throw new Error('no such session');
  }

  close(): Promise<void> {
    return this.#node.close();
  }
}
