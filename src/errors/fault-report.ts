/** Tells the operator of a fault that no caller waits for, as a process warning: on stderr unless handled. */
export function reportFault(what: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(what, { type: 'SessionMailboxWarning', detail });
}
