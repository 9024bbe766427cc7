import redisSessions from 'redis-sessions';
import { accountOf, IP, type RedisSubject } from '../subject.js';

const app = 'bench';

/** redis-sessions 4 without its read cache, so that the store is measured. */
export class RedisSessions implements RedisSubject {
  readonly #sessions: InstanceType<typeof redisSessions.default>;

  private constructor(port: number) {
    this.#sessions = new redisSessions.default({ port });
  }

  static async open(port: number): Promise<RedisSessions> {
    const subject = new RedisSessions(port);
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
