/** The npm script that started the demo. It determines which operations are possible. */
export type StartCommand = 'start' | 'start:cluster' | 'start:redis';

/** Operations of the demo's page on the processes of the demo. An operation that is undefined needs another start command. */
export abstract class Operations {
  abstract readonly startedBy: StartCommand;
  /** Number of times that this process has stopped its service and started it again. */
  abstract readonly restarts: number;
  /** Begins to stop and start this server, or, in a cluster, to replace its workers one after the other. */
  abstract restart(): void;
  /** Ends this process immediately, as `kill -9` does. Defined only where another process replaces it. */
  readonly killWorker: (() => void) | undefined;
  /** Stops or starts the Redis. Defined only where the demo has started the Redis. */
  readonly redis: ((action: RedisAction) => Promise<void>) | undefined;
}

export type RedisAction = 'stop' | 'start';
