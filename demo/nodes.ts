import { fileURLToPath } from 'node:url';
import { stopOnSignals } from '../src/index.js';
import { DemoChild } from './child-process.js';
import { readConfiguration } from './configuration.js';
import { stopWithNpm } from './npm-shell.js';
import { isRedisRequest, type RedisAnswer, type RedisRequest } from './operations/parent-redis.js';
import { type DemoRedis, startRedis } from './redis-server.js';

const entry = fileURLToPath(new URL('./server.js', import.meta.url));
const nodeCount = 2;

/** The demo as several nodes that share a Redis. */
class Nodes {
  readonly #nodes = new Set<DemoChild>();
  #redis: DemoRedis | undefined;
  /** Resolves when the stops and starts of Redis that nodes requested are done. They run one after the other. */
  #switching: Promise<void> = Promise.resolve();
  #isRedisOff = false;
  #isStopping = false;

  /** Starts the nodes on consecutive ports, and a Redis unless one is configured. */
  async start(): Promise<void> {
    const { server, data, redis } = await readConfiguration();
    const url = redis.url ?? (await this.#startRedis(data));
    // With port 0 the system chooses a port for each node.
    const ports = Array.from({ length: nodeCount }, (_, n) => (server.port === 0 ? 0 : server.port + n));
    const lines = await Promise.all(ports.map((port, n) => this.#startNode(`node ${n + 1}`, port, url, data)));
    for (const line of lines) console.log(line);
  }

  /** Stops the nodes, which answer their held polls, and then the Redis, because the nodes write to it until they end. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const endings = await Promise.all([...this.#nodes].map((node) => node.stop()));
    await this.#switching;
    await this.#redis?.child.stop();
    if (endings.some((ending) => ending !== 0)) throw new Error(`The nodes ended with ${endings.join(' and ')}`);
  }

  async #startRedis(data: string): Promise<string> {
    const redis = await startRedis(data, this.#redis);
    const { port, url, child } = redis;
    this.#redis = redis;
    this.#isRedisOff = false;
    console.log(`redis (process ${child.pid}): redis://127.0.0.1:${port}`);
    void child.ended.then((ending) => {
      if (this.#isStopping || this.#isRedisOff) return;
      this.#abort(`redis ended with ${ending}; the nodes can't work without it`);
    });
    return url;
  }

  /** Stops or starts Redis for a node, so that the page of the demo can show what the nodes do without Redis. */
  async #switchRedis(data: string, { redis, number }: RedisRequest): Promise<RedisAnswer> {
    const switched = this.#switching.then(() => this.#setRedis(data, redis === 'start'));
    this.#switching = switched.catch(() => {});
    return switched.then(
      () => ({ number }),
      (error) => ({ number, error: String(error) }),
    );
  }

  async #setRedis(data: string, isOn: boolean): Promise<void> {
    if (this.#isStopping || isOn === !this.#isRedisOff) return;
    if (isOn) await this.#startRedis(data);
    else {
      this.#isRedisOff = true;
      await this.#redis?.child.stop();
    }
  }

  async #startNode(name: string, port: number, redisUrl: string, data: string): Promise<string> {
    const own = this.#redis === undefined ? {} : { DEMO_OWN_REDIS: '1' };
    const environment = { ...process.env, PORT: String(port), REDIS_URL: redisUrl, ...own };
    const node = new DemoChild(name, process.execPath, [entry], { environment, speaks: true });
    this.#nodes.add(node);
    node.answer(async (message) => (isRedisRequest(message) ? this.#switchRedis(data, message) : undefined));
    const [url] = await node.outputMatching(/http:\/\/\S+/);
    void node.ended.then((ending) => {
      if (this.#isStopping) return;
      this.#nodes.delete(node);
      if (this.#nodes.size === 0) this.#abort(`${name} ended with ${ending}; no node is left`);
      else console.error(`${name} ended with ${ending}; the other node serves its clients`);
    });
    return `${name} (process ${node.pid}): ${url}`;
  }

  #abort(reason: string): void {
    console.error(reason);
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
// Wait for the start before the stop, so that the stop finds all processes that were started.
stopOnSignals(async () => {
  await starting;
  await nodes.stop();
});
stopWithNpm();
await starting;
