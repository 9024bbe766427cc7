import { fileURLToPath } from 'node:url';
import { stopOnSignals } from '../src/index.js';
import { DemoChild } from './child-process.js';
import { readConfiguration } from './configuration.js';
import { stopWithNpm } from './npm-shell.js';
import { startRedis } from './redis-server.js';

const entry = fileURLToPath(new URL('./server.js', import.meta.url));
const nodeCount = 2;

/** The demo as it runs in production: several nodes that share nothing but a Redis. */
class Nodes {
  readonly #nodes = new Set<DemoChild>();
  #redis: DemoChild | undefined;
  #isStopping = false;

  /** Starts the nodes on consecutive ports, with a Redis of their own unless one is configured. */
  async start(): Promise<void> {
    const { server, data, redis } = await readConfiguration();
    const url = redis.url ?? (await this.#startRedis(data));
    // Port 0 lets the system choose each of them.
    const ports = Array.from({ length: nodeCount }, (_, n) => (server.port === 0 ? 0 : server.port + n));
    const lines = await Promise.all(ports.map((port, n) => this.#startNode(`node ${n + 1}`, port, url)));
    for (const line of lines) console.log(line);
  }

  /** The nodes first, which answer their held polls; then the Redis that they still write to. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const endings = await Promise.all([...this.#nodes].map((node) => node.stop()));
    await this.#redis?.stop();
    if (endings.some((ending) => ending !== 0)) throw new Error(`The nodes ended with ${endings.join(' and ')}`);
  }

  async #startRedis(data: string): Promise<string> {
    const { url, child } = await startRedis(data);
    this.#redis = child;
    console.log(`redis (process ${child.pid}): ${url}`);
    void child.ended.then((ending) => {
      if (!this.#isStopping) this.#giveUp(`redis ended with ${ending}, and without it nothing can be served`);
    });
    return url;
  }

  async #startNode(name: string, port: number, redisUrl: string): Promise<string> {
    const environment = { ...process.env, PORT: String(port), REDIS_URL: redisUrl };
    const node = new DemoChild(name, process.execPath, [entry], environment);
    this.#nodes.add(node);
    const [url] = await node.says(/http:\/\/\S+/);
    void node.ended.then((ending) => {
      if (this.#isStopping) return;
      this.#nodes.delete(node);
      if (this.#nodes.size === 0) this.#giveUp(`${name} ended with ${ending}, and it was the last`);
      else console.error(`${name} ended with ${ending}; the others serve its clients`);
    });
    return `${name} (process ${node.pid}): ${url}`;
  }

  #giveUp(why: string): void {
    console.error(why);
    void this.stop().then(
      () => process.exit(1),
      () => process.exit(1),
    );
  }
}

const nodes = new Nodes();
const starting = nodes.start().catch(async (error) => {
  console.error(error instanceof Error ? error.message : error);
  await nodes.stop().catch(() => {});
  process.exit(1);
});
// A start that is under way finishes what it is at, so that the stop finds everyone who is to be stopped.
stopOnSignals(async () => {
  await starting;
  await nodes.stop();
});
stopWithNpm();
await starting;
