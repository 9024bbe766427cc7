/**
 * Emits a process warning for a fault that no caller can be told of. Node.js prints it on stderr, unless the
 * application handles warnings.
 */
export function reportFault(what: string, error: unknown): void {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.emitWarning(what, { type: 'SessionMailboxWarning', detail });
}
