const rightTime = Date.now;

/** Sets the wall clock of this process, as an operator or NTP does. @param ahead milliseconds; negative: behind */
export function setWallClock(ahead: number): void {
  Date.now = () => rightTime() + ahead;
}
