/** How often to look whether the parent still lives. Milliseconds. */
const watchTime = 500;

/** npm's shell dies of a SIGTERM without passing it on: whom it leaves behind was meant as well. */
export function stopWithNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const { ppid } = process;
  const watch = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, watchTime);
  watch.unref();
}
