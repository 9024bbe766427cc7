/** Whether there is a process of that number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // One of another user can't be asked, but is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
