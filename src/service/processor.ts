/** Background work of a running service. */
export abstract class Processor {
  abstract start(): void;

  /** No work begins after this; resolves when the work under way has ended. */
  abstract stop(): Promise<void>;
}
