/** How the demo was started; each way can be disturbed in its own manner. */
export type StartCommand = 'start' | 'start:cluster' | 'start:redis';

/** What the demo's page may do to the processes of the demo. What is missing needs another start command. */
export abstract class Operations {
  abstract readonly startedBy: StartCommand;
  /** How often this process has stopped its service and started it again. */
  abstract readonly restarts: number;
  /** Begins to stop and start this server, or, in a cluster, to replace its workers one after the other. */
  abstract restart(): void;
  /** Ends this process at once, as `kill -9` does. Only where another takes its place. */
  readonly killWorker: (() => void) | undefined;
  /** Only where the demo has started the Redis. */
  readonly redis: ((action: RedisAction) => Promise<void>) | undefined;
}

export type RedisAction = 'stop' | 'start';
