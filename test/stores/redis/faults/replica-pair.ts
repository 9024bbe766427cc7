import { eventually } from '../../../support/eventually.js';
import { RedisServer, type RedisSettings } from '../../../support/redis-server.js';
import type { TeardownOwner } from '../../../support/teardowns.js';

/** A master and its replica, which swap roles without closing the connections of clients. */
export class ReplicaPair {
  master: RedisServer;
  replica: RedisServer;

  private constructor(master: RedisServer, replica: RedisServer) {
    this.master = master;
    this.replica = replica;
  }

  static async start(t: TeardownOwner, settings: RedisSettings = {}): Promise<ReplicaPair> {
    const all = { 'repl-diskless-sync-delay': '0', ...settings };
    const [master, replica] = await Promise.all([RedisServer.start(all), RedisServer.start(all)]);
    t.teardown(() => Promise.all([master.stop(), replica.stop()]));
    await follow(replica, master);
    return new ReplicaPair(master, replica);
  }

  /** Swaps the roles like a managed service: promotes the replica, and lets the old master follow it. */
  async swap(): Promise<void> {
    const { master, replica } = this;
    // Otherwise, the writes that the replica does not have yet would be lost.
    await master.client.wait(1, 5_000);
    await replica.client.replicaof('NO', 'ONE');
    await follow(master, replica);
    this.master = replica;
    this.replica = master;
  }

  /** Swaps the roles with the command FAILOVER: the master first lets the replica catch up. */
  async failOver(): Promise<void> {
    const { master, replica } = this;
    await master.client.call('FAILOVER');
    await eventually(async () => (await replica.client.info('replication')).includes('role:master'));
    await isUpToDate(master);
    this.master = replica;
    this.replica = master;
  }
}

/** Makes `replica` follow `master`. Resolves when the replica is up to date. */
async function follow(replica: RedisServer, master: RedisServer): Promise<void> {
  await replica.client.replicaof('127.0.0.1', master.port);
  await isUpToDate(replica);
}

function isUpToDate({ client }: RedisServer): Promise<void> {
  return eventually(async () => (await client.info('replication')).includes('master_link_status:up'));
}
