/** The process warnings that the action causes, and that Node emits until the next turn after it. Not for tests at once. */
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
