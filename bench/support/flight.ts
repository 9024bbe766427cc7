/** A synchronous subject is called in a plain loop: its callers have nothing to wait for. */
export function inLoop<T>(items: readonly T[], call: (item: T) => unknown): void {
  for (const item of items) call(item);
}

/** Promises are awaited one after the other within a lane; so many lanes run side by side. */
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

/** Callbacks without a promise around them: the cheapest way to use a callback API, and so the fairest to it. */
export function inCallbackLanes<T extends NonNullable<unknown>>(
  items: readonly T[],
  lanes: number,
  call: (item: T, done: () => void) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let running = lanes;
    const advance = (): void => {
      const item = items[next++];
      if (item !== undefined) call(item, advance);
      else if (--running === 0) resolve();
    };
    for (let lane = 0; lane < lanes; lane++) advance();
  });
}
