import { Cluster } from 'ioredis';
import { eventually } from './eventually.js';
import { RedisServer, type RedisSettings, testConnectionName } from './redis-server.js';

const slots = 16_384;
const masterCount = 3;
/** Silence after which a node counts as failed: short if replicas take over, otherwise longer than any busy pause. */
const nodeTimeoutMs = { withReplicas: 1_000, without: 15_000 };

export interface ClusterShape {
  /** Whether each master has a replica. */
  readonly replicas?: boolean;
  readonly settings?: RedisSettings;
}

/** Three masters with a third of the slots each, optionally with a replica each. */
export class RedisCluster {
  readonly masters: readonly RedisServer[];
  /** In the order of their masters. */
  readonly replicas: readonly RedisServer[];
  #client: Cluster | undefined;

  private constructor(masters: readonly RedisServer[], replicas: readonly RedisServer[]) {
    this.masters = masters;
    this.replicas = replicas;
  }

  static async start({ replicas = false, settings = {} }: ClusterShape = {}): Promise<RedisCluster> {
    const all = {
      'cluster-enabled': 'yes',
      'cluster-node-timeout': String(replicas ? nodeTimeoutMs.withReplicas : nodeTimeoutMs.without),
      // Do not wait for further replicas.
      'repl-diskless-sync-delay': '0',
      ...settings,
    };
    const started = await Promise.allSettled(
      Array.from({ length: replicas ? 2 * masterCount : masterCount }, () => RedisServer.start(all)),
    );
    const servers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const cluster = new RedisCluster(servers.slice(0, masterCount), servers.slice(masterCount));
    try {
      for (const result of started) if (result.status === 'rejected') throw result.reason;
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get servers(): readonly RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  /** The nodes to which a client connects first. */
  get nodes(): readonly { readonly host: string; readonly port: number }[] {
    return this.servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  }

  /** The test's own connection. */
  get client(): Cluster {
    this.#client ??= this.connect();
    return this.#client;
  }

  /** Opens one more connection. The caller must disconnect it. */
  connect(): Cluster {
    const client = new Cluster([...this.nodes], {
      clusterRetryStrategy: () => 50,
      redisOptions: { connectionName: testConnectionName },
    });
    client.on('error', () => {});
    return client;
  }

  async stop(): Promise<void> {
    this.#client?.disconnect();
    await Promise.all(this.servers.map((server) => server.stop()));
  }

  /** Resolves when every running node reports the state `ok` and knows a master for each slot. */
  async settled(): Promise<void> {
    for (const { client } of this.servers.filter((server) => server.isRunning)) {
      await eventually(async () => {
        const info = await this.#info(client);
        return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${slots}`);
      });
    }
  }

  async #form(): Promise<void> {
    const share = Math.ceil(slots / masterCount);
    for (const [index, { client }] of this.masters.entries()) {
      const last = Math.min(slots, (index + 1) * share) - 1;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last));
    }
    for (const [index, { client }] of this.servers.entries()) {
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    // Each server meets all servers before it, because gossip alone would take seconds.
    for (const [index, { client }] of this.servers.entries()) {
      for (const { meetingPoint } of this.servers.slice(0, index))
        await client.call('CLUSTER', 'MEET', ...meetingPoint);
    }
    const known = `cluster_known_nodes:${this.servers.length}`;
    for (const { client } of this.servers) await eventually(async () => (await this.#info(client)).includes(known));
    await Promise.all(this.replicas.map((replica, index) => this.#follow(replica, this.masters[index])));
    await this.settled();
  }

  async #follow({ client }: RedisServer, master: RedisServer | undefined): Promise<void> {
    const id = String(await master?.client.call('CLUSTER', 'MYID'));
    // Wait until the replica has learned of its master by gossip.
    await eventually(async () => String(await client.call('CLUSTER', 'NODES')).includes(id));
    await client.call('CLUSTER', 'REPLICATE', id);
    await eventually(async () => (await client.info('replication')).includes('master_link_status:up'));
  }

  async #info(client: RedisServer['client']): Promise<string> {
    return String(await client.call('CLUSTER', 'INFO').catch(() => ''));
  }
}
