/**
 * Emits a process warning for a fault that no caller can be told of. Node.js prints it on stderr, unless the
 * application handles warnings.
 */
export function reportFault(what: string, error: unknown): void {
  process.emitWarning(what, { type: 'SessionMailboxWarning', detail: detailOf(error) });
}

/** Anything can be thrown, also an object that can't be turned into text. */
function detailOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.stack ?? error.message) : String(error);
  } catch {
    return 'The error has no text';
  }
}
