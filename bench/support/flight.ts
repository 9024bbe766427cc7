/** Calls a synchronous subject in a plain loop, because its callers wait for nothing. */
export function inLoop<T>(items: readonly T[], call: (item: T) => unknown): void {
  for (const item of items) call(item);
}

/** Runs `lanes` lanes concurrently. Each lane awaits its promises one after the other. */
export async function inPromiseLanes<T extends NonNullable<unknown>>(
  items: readonly T[],
  lanes: number,
  call: (item: T) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await call(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

/**
 * Calls a callback API without promises: this is the cheapest way to use it, and so the fairest. A callback that is
 * called before the call returns does not grow the stack.
 */
export function inCallbackLanes<T extends NonNullable<unknown>>(
  items: readonly T[],
  lanes: number,
  call: (item: T, done: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let running = lanes;
    const startLane = (): void => {
      let isCalling = false;
      let isDone = true;
      const advance = (): void => {
        isDone = true;
        if (isCalling) return;
        while (isDone) {
          const item = items[next++];
          if (item === undefined) {
            if (--running === 0) resolve();
            return;
          }
          isDone = false;
          isCalling = true;
          call(item, advance);
          isCalling = false;
        }
      };
      advance();
    };
    for (let lane = 0; lane < lanes; lane++) startLane();
  });
}
