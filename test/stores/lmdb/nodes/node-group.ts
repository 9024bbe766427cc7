import type { ExecutionContext } from 'ava';
import { eventually } from '../../../support/eventually.js';
import { ForkedProcess } from '../../nodes/forked-process.js';
import type { ServiceActions } from '../../nodes/service-actions.js';
import { Held } from '../../nodes/service-process.js';
import type { ServiceSettings } from '../../nodes/start-service.js';
import type { ClusterOrder } from './cluster-primary.js';

type Action = keyof ServiceActions;

/** Nodes that run the service under one process: workers of a cluster, or threads. */
export class NodeGroup {
  readonly #process: ForkedProcess<ClusterOrder, never>;

  private constructor(program: URL) {
    this.#process = new ForkedProcess<ClusterOrder, never>(program, () => {});
  }

  static async start(
    t: ExecutionContext,
    kind: 'cluster' | 'threads',
    count: number,
    settings: ServiceSettings,
  ): Promise<NodeGroup> {
    const program = kind === 'cluster' ? './cluster-primary.js' : './threads.js';
    const group = new NodeGroup(new URL(program, import.meta.url));
    t.teardown(() => group.#process.kill());
    for (let worker = 0; worker < count; worker += 1) {
      await group.#process.ask({ worker, order: { action: 'start', settings } });
    }
    return group;
  }

  async do<Name extends Action>(
    worker: number,
    action: Name,
    ...args: Parameters<ServiceActions[Name]>
  ): Promise<Awaited<ReturnType<ServiceActions[Name]>>> {
    return (await this.#process.ask({ worker, order: { action, args } })) as Awaited<ReturnType<ServiceActions[Name]>>;
  }

  /** Begins a poll at the tail of the mailbox, and resolves once it waits there. */
  async hold(worker: number, id: string, reader = 'default'): Promise<Held> {
    const { cursor } = await this.do(worker, 'poll', id, { reader, after: '', wait: 0 });
    const held = new Held(this.do(worker, 'poll', id, { reader, after: cursor, wait: 60_000 }));
    await eventually(async () => (await this.do(worker, 'held')) > 0, { what: 'the poll is held' });
    return held;
  }
}
