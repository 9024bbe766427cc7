/**
 * Emits a process warning for a fault that can't be reported to any caller. Node.js prints it on stderr, unless the
 * application handles warnings.
 */
export function reportFault(what: string, error: unknown): void {
  process.emitWarning(what, { type: 'SessionMailboxWarning', detail: detailOf(error) });
}

/** Returns the text of anything that was thrown, which may be an object without a text. */
function detailOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error.stack ?? error.message) : String(error);
  } catch {
    return 'The error has no text';
  }
}
