import { SessionError } from '../errors/session-error.js';
import type { OperatorAct } from '../events/session-events.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import type { SessionRuntime } from '../service/session-runtime.js';
import { Census } from './census.js';
import { ConsoleLog, type SecurityEntry } from './console-log.js';
import { type NodeFigures, ownFigures } from './node-figures.js';
import { NodeReports } from './node-reports.js';

/** Milliseconds for which figures are cached. Limits the load on the store when many operators look at the console. */
const freshTime = 1_000;

export interface ConsoleNode {
  /** The node's name; empty before its first report. */
  readonly node: string;
  /** Whether this is the node that answered. */
  readonly isThis: boolean;
  /** Age of the figures, in milliseconds. */
  readonly age: number;
  readonly figures: NodeFigures | object;
}

/** The figures and logs that the console shows. */
export interface ConsoleOverview {
  readonly app: string;
  readonly at: number;
  /** All nodes that have a console. The node that answers is the first. */
  readonly nodes: readonly ConsoleNode[];
  /** Why nodes may be missing, here or on the consoles of other nodes; absent if all nodes are shown. */
  readonly nodesFault?: string;
  /** Security events of the node that answers, newest first. */
  readonly security: readonly SecurityEntry[];
  readonly acts: readonly OperatorAct[];
}

const reportsOf = new WeakMap<SessionRuntime, NodeReports>();
const statesOf = new WeakMap<SessionRuntime, Map<string, ConsoleState>>();

/**
 * State that all consoles of one app at this node share. Each instance listens to the events and makes the node report its
 * figures, so there is only one per app.
 */
export class ConsoleState {
  readonly census: Census;
  readonly #manager: SessionManager;
  readonly #reports: NodeReports;
  readonly #log: ConsoleLog;
  #overview: Promise<ConsoleOverview> | undefined;
  #readAt = 0;

  private constructor(manager: SessionManager, reports: NodeReports) {
    this.#manager = manager;
    this.#reports = reports;
    this.#log = new ConsoleLog(manager);
    this.census = new Census(manager);
  }

  /** @param manager of a service that runs */
  static of(manager: SessionManager): ConsoleState {
    const runtime = runtimeOf(manager);
    const states = statesOf.get(runtime) ?? new Map<string, ConsoleState>();
    statesOf.set(runtime, states);
    const known = states.get(manager.app);
    if (known !== undefined) return known;
    const state = new ConsoleState(manager, startedReports(manager, runtime));
    states.set(manager.app, state);
    return state;
  }

  /** Returns an overview that is at most a second old. Never rejects: if the store is unavailable, the overview says so. */
  overview(): Promise<ConsoleOverview> {
    const { now } = this.#manager;
    if (this.#overview === undefined || now - this.#readAt >= freshTime) {
      this.#readAt = now;
      this.#overview = this.#read();
    }
    return this.#overview;
  }

  async #read(): Promise<ConsoleOverview> {
    const manager = this.#manager;
    const [figures, others] = await Promise.all([ownFigures(manager), this.#others()]);
    const nodesFault = others.fault ?? this.#reports.fault;
    const own = { node: this.#reports.node ?? '', isThis: true, age: 0, figures };
    return {
      app: manager.app,
      at: manager.now,
      nodes: [own, ...others.nodes],
      ...(nodesFault !== undefined && { nodesFault }),
      security: this.#log.security,
      acts: this.#log.acts,
    };
  }

  async #others(): Promise<{ readonly nodes: readonly ConsoleNode[]; readonly fault?: string }> {
    try {
      const reports = await this.#reports.all();
      const others = reports.filter(({ node }) => node !== this.#reports.node);
      const { now } = this.#manager;
      return {
        // The store's clock may be ahead of this node's.
        nodes: others.map(({ node, at, figures }) => ({ node, isThis: false, age: Math.max(0, now - at), figures })),
      };
    } catch (error) {
      return { nodes: [], fault: SessionError.is(error) ? error.message : 'The other nodes can’t be read' };
    }
  }
}

function startedReports(manager: SessionManager, runtime: SessionRuntime): NodeReports {
  const known = reportsOf.get(runtime);
  if (known !== undefined) return known;
  const reports = new NodeReports(runtime, () => ownFigures(manager));
  reportsOf.set(runtime, reports);
  reports.start();
  return reports;
}
