const rightTime = Date.now;

/** Sets the wall clock of this process, like an operator or NTP. @param ahead milliseconds; negative sets it back */
export function setWallClock(ahead: number): void {
  Date.now = () => rightTime() + ahead;
}
