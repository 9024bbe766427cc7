import { registerSharedWorker } from 'ava/plugin';
import { Cluster } from 'ioredis';
import { testConnectionName } from './redis-server.js';

/** The Redis Cluster that all test files of a run share. Tests must not stop its nodes or change their settings. */
export class SharedCluster {
  /** The addresses of the masters. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** The connection of this test file. */
  readonly client: Cluster;

  private constructor(ports: readonly number[]) {
    this.nodes = ports.map((port) => ({ host: '127.0.0.1', port }));
    this.client = new Cluster([...this.nodes], { redisOptions: { connectionName: testConnectionName } });
    // Tests check the errors of the commands.
    this.client.on('error', () => {});
  }

  /** Connects to the Cluster. The first test file of the run that needs it causes its start. */
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
