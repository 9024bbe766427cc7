import { RedisSessions } from '../../../../src/compat/redis-sessions/class/index.js';
import { NEVER } from '../../node.js';
import { accountOf, IP, type RedisSubject } from '../subject.js';

const app = 'bench';

/** This package's replacement of the class of redis-sessions, called in the same way. */
export class RedisSessionsFacade implements RedisSubject {
  readonly #sessions: RedisSessions;

  private constructor(port: number) {
    this.#sessions = new RedisSessions({ port, wipe: 0, context: { hbTime: NEVER } });
  }

  static async open(port: number): Promise<RedisSessionsFacade> {
    const subject = new RedisSessionsFacade(port);
    await subject.#sessions.ping();
    return subject;
  }

  async create(n: number): Promise<string> {
    return (await this.#sessions.create({ app, id: accountOf(n), ip: IP })).token;
  }

  async authenticate(token: string): Promise<void> {
    if ((await this.#sessions.get({ app, token })) === null) throw new Error('no such session');
  }

  async kill(token: string): Promise<void> {
    if ((await this.#sessions.kill({ app, token })).kill !== 1) throw new Error('no such session');
  }

  close(): Promise<void> {
    return this.#sessions.quit();
  }
}
