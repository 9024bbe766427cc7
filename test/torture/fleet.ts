import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ServedOptions } from '../stores/nodes/hosted-store.js';
import { Link } from './link.js';
import type { NodeOptions, NodeOrder } from './node.js';
import { pause, steadyNow } from './steady.js';

const program = fileURLToPath(new URL('./node.js', import.meta.url));
/** Pause between two attempts to start a node while its store is down. */
const retryPauseMs = 200;

/** A node behind a link. It is started again whenever it has ended. */
export class TorturedNode {
  /** The link to which clients connect. */
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

  /** Milliseconds by which its wall clock is ahead. A restart keeps this value. */
  ahead = 0;

  /** Resolves when the node accepts requests. Retries until then, because the store may be down. */
  async start(): Promise<void> {
    while (!(await this.#launch())) await pause(retryPauseMs);
  }

  /** Ends the node with the signal, and starts it again. */
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

  /** Lets the node end by itself, and starts it again. */
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

/** All nodes on a store. */
export class Fleet {
  readonly nodes: readonly TorturedNode[];
  /** The file in which the nodes record the expiries of which their listeners were notified. */
  readonly told: string;
  /** The time at which each process that did not stop cleanly ended, by its pid. */
  readonly killed = new Map<number, number>();
  /** Called when a process ended without a clean stop. */
  onDeath: () => void = () => {};
  /** Called when a node accepts requests again. `stoppedAt` is the time at which it was told to stop. */
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

  /** @param stores the store options of each node */
  static async start(stores: readonly ServedOptions[], told: string): Promise<Fleet> {
    const fleet = new Fleet(stores, await Promise.all(stores.map(() => Link.start())), told);
    await fleet.startAll();
    return fleet;
  }

  /** The latest output of the nodes on standard error. */
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
