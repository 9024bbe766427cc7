import type { RedisServer } from '../../support/redis-server.js';
import type { World } from '../faults.js';
import { steadyNow } from '../steady.js';
import { replicationOf } from './redis-servers.js';

/** How long before it is seen a failover may have begun that no fault caused. */
const unseenMs = 20_000;

/** Notes failovers that a busy machine caused and no fault. */
export class ReplicationWatch {
  readonly #servers: readonly RedisServer[];
  #masters = '';
  #lookedAt = steadyNow();

  constructor(servers: readonly RedisServer[]) {
    this.#servers = servers;
  }

  /** How often there was one. */
  count = 0;

  /** Takes the present masters for those that are expected. */
  async expect(): Promise<void> {
    this.#masters = await this.#look();
  }

  async look({ changes }: World): Promise<void> {
    const since = this.#lookedAt;
    const found = await this.#look();
    if (this.#masters !== '' && found !== this.#masters) {
      this.count += 1;
      changes.wentBack(since - unseenMs, this.#lookedAt);
    }
    this.#masters = found;
  }

  async #look(): Promise<string> {
    const infos = await Promise.all(this.#servers.map(replicationOf));
    this.#lookedAt = steadyNow();
    return infos.map((info) => /master_replid:\w+/.exec(info)?.[0] ?? '').join();
  }
}
