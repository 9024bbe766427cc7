/** Returns the process warnings during the action and until the next turn after it. Not for concurrent tests. */
export async function warningsOf(action: () => Promise<unknown>): Promise<readonly Error[]> {
  const warnings: Error[] = [];
  const listener = (warning: Error) => warnings.push(warning);
  process.on('warning', listener);
  try {
    await action();
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', listener);
  }
  return warnings;
}
