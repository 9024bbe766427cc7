import type { Cluster, Redis } from 'ioredis';
import { isCluster } from './client.js';
import { slotOf } from './cluster-slot.js';
import type { RedisConnection } from './connection.js';

/**
 * The connections to the masters themselves. Calls whose replicas are waited for can't be routed by the Cluster client: it
 * would not say which connection took them, and `WAIT` must follow on that one.
 */
export class Masters {
  readonly #connection: RedisConnection;
  readonly #slots = new Map<string, number>();

  constructor(connection: RedisConnection) {
    this.#connection = connection;
  }

  /** What tells the master of this bucket from others, as far as is known. */
  nameOf(bucket: string): string {
    const { client } = this.#connection;
    return isCluster(client) ? (client.slots[this.#slotOf(bucket)]?.[0] ?? '') : '';
  }

  /** The connection to the master of this bucket; `undefined` when none is known. */
  of(bucket: string): Redis | undefined {
    const { client } = this.#connection;
    return isCluster(client) ? nodeAt(client, this.nameOf(bucket)) : client;
  }

  /** The connection to the server that a redirection names. */
  at(address: string): Redis | undefined {
    const { client } = this.#connection;
    return isCluster(client) ? nodeAt(client, reachable(client, address)) : undefined;
  }

  all(): readonly Redis[] {
    const { client } = this.#connection;
    return isCluster(client) ? client.nodes('master') : [client];
  }

  /** Asks the Cluster where the slots are. If it does not answer, what was known stays. */
  async refresh(): Promise<void> {
    const { client } = this.#connection;
    if (isCluster(client)) await new Promise<void>((resolve) => client.refreshSlotsCache(() => resolve()));
  }

  #slotOf(bucket: string): number {
    let slot = this.#slots.get(bucket);
    if (slot === undefined) {
      slot = slotOf(bucket);
      this.#slots.set(bucket, slot);
    }
    return slot;
  }
}

function nodeAt(client: Cluster, address: string): Redis | undefined {
  return client.nodes('all').find(({ options }) => `${options.host}:${options.port}` === address);
}

/** The address under which the client reaches the server, by the option `natMap` of ioredis. */
function reachable({ options: { natMap } }: Cluster, address: string): string {
  const mapped = typeof natMap === 'function' ? natMap(address) : natMap?.[address];
  return mapped ? `${mapped.host}:${mapped.port}` : address;
}
