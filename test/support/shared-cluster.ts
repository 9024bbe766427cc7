import { registerSharedWorker } from 'ava/plugin';
import { Cluster } from 'ioredis';
import { testConnectionName } from './redis-server.js';

/** The Redis Cluster that all test files of a run share. Tests must leave its nodes running and their settings unchanged. */
export class SharedCluster {
  /** Where its masters listen. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** A connection of this test file. */
  readonly client: Cluster;

  private constructor(ports: readonly number[]) {
    this.nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
    this.client = new Cluster([...this.nodes], { redisOptions: { connectionName: testConnectionName } });
    // Tests see the commands fail.
    this.client.on('error', () => {});
  }

  /** Connects to it; the first test file of the run that needs it has it started. */
  static async connect(): Promise<SharedCluster> {
    const worker = registerSharedWorker<unknown>({
      filename: new URL('./shared-cluster-worker.js', import.meta.url),
      supportedProtocols: ['ava-4'],
    });
    await worker.available;
    for await (const { data } of worker.publish('ports').replies()) {
      if (Array.isArray(data)) return new SharedCluster(data.map(Number));
      throw new Error(`The shared Cluster did not start: ${String(data)}`);
    }
    throw new Error('The shared Cluster gave no reply');
  }

  disconnect(): void {
    this.client.disconnect();
  }
}
