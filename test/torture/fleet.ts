import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ServedOptions } from '../stores/nodes/hosted-store.js';
import { Link } from './link.js';
import type { NodeOptions, NodeOrder } from './node.js';
import { pause, steadyNow } from './steady.js';

const program = fileURLToPath(new URL('./node.js', import.meta.url));
/** Between two attempts to start a node whose store is down. */
const retryPauseMs = 200;

/** One node behind a link, which is started again whenever it has ended. */
export class TorturedNode {
  /** What clients connect to. */
  readonly link: Link;
  readonly #store: ServedOptions;
  readonly #fleet: Fleet;
  #child: ChildProcess | undefined;
  #stoppedAt = steadyNow();

  constructor(store: ServedOptions, link: Link, fleet: Fleet) {
    this.#store = store;
    this.link = link;
    this.#fleet = fleet;
  }

  /** How far its wall clock is ahead, in milliseconds. It keeps this when it is started again. */
  ahead = 0;

  /** Resolves once it serves; tries until it does, because its store may be down. */
  async start(): Promise<void> {
    while (!(await this.#launch())) await pause(retryPauseMs);
  }

  /** Ends it by the signal, and starts another in its place. */
  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  async pause(milliseconds: number): Promise<void> {
    this.#child?.kill('SIGSTOP');
    await pause(milliseconds);
    this.#child?.kill('SIGCONT');
  }

  setClock(ahead: number): void {
    this.ahead = ahead;
    this.#order({ order: 'clock', ahead });
  }

  /** Lets it end by itself, and starts another in its place. */
  async endItself(order: 'throw' | 'exit'): Promise<void> {
    const ended = this.#ended();
    this.#order({ order });
    await ended;
    await this.start();
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#stoppedAt = steadyNow();
    const ended = this.#ended();
    this.#child?.kill(signal);
    await ended;
    this.link.moveTo(0);
  }

  #order(order: NodeOrder): void {
    if (this.#child?.connected) this.#child.send(order);
  }

  async #ended(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once('exit', resolve));
  }

  async #launch(): Promise<boolean> {
    const options: NodeOptions = { store: this.#store, ahead: this.ahead, told: this.#fleet.told };
    const child = fork(program, [JSON.stringify(options)], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#fleet.hear(text));
    return new Promise((resolve) => {
      child.once('exit', (code) => {
        if (code !== 0) this.#fleet.died(child.pid ?? 0);
        resolve(false);
      });
      child.once('message', ({ port }: { readonly port: number }) => {
        this.link.moveTo(port);
        this.#fleet.onReturn(this.#stoppedAt);
        resolve(true);
      });
    });
  }
}

/** All nodes of a store. */
export class Fleet {
  readonly nodes: readonly TorturedNode[];
  /** The file in which they write of which expiries their listeners heard. */
  readonly told: string;
  /** When each process ended that did not stop in an orderly way, by its pid. */
  readonly killed = new Map<number, number>();
  /** Called when one of them ended so. */
  onDeath: () => void = () => {};
  /** Called when one of them serves again that was told to stop at this time. */
  onReturn: (stoppedAt: number) => void = () => {};
  #output = '';

  private constructor(stores: readonly ServedOptions[], links: readonly Link[], told: string) {
    this.told = told;
    this.nodes = stores.map((store, index) => {
      const link = links[index];
      if (link === undefined) throw new RangeError(`There is no link for node ${index}`);
      return new TorturedNode(store, link, this);
    });
  }

  /** @param stores what each node is to use */
  static async start(stores: readonly ServedOptions[], told: string): Promise<Fleet> {
    const fleet = new Fleet(stores, await Promise.all(stores.map(() => Link.start())), told);
    await fleet.startAll();
    return fleet;
  }

  /** What the nodes wrote last on their standard error. */
  get output(): string {
    return this.#output;
  }

  died(pid: number): void {
    this.killed.set(pid, steadyNow());
    this.onDeath();
  }

  hear(text: string): void {
    this.#output = (this.#output + text).slice(-4_000);
  }

  async startAll(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.start()));
  }

  async stopAll(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop(signal)));
  }

  async end(): Promise<void> {
    await this.stopAll('SIGTERM');
    await Promise.all(this.nodes.map(({ link }) => link.close()));
  }
}
