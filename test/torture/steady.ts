/** Milliseconds on the steady clock that all processes of a machine share. */
export function steadyNow(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
