/** Resolves once a fault whose details match was reported to the operator. Ignores the faults that other tests report. */
export function reportedFault(pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const hear = (warning: Error & { readonly detail?: string }) => {
      if (warning.name !== 'SessionMailboxWarning' || !pattern.test(warning.detail ?? '')) return;
      process.off('warning', hear);
      resolve();
    };
    process.on('warning', hear);
  });
}
