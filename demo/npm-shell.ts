const checkIntervalMs = 500;

/** Stops this process when the shell of `npm run` has ended, because a SIGTERM ends that shell, which does not forward it. */
export function stopWithNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const { ppid } = process;
  const watch = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, checkIntervalMs);
  watch.unref();
}
