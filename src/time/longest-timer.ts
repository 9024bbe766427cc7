/** Longest delay of a timer of Node and of browsers, in milliseconds: about 24.8 days. A timer with a longer delay fires immediately. */
export const longestTimer = 2 ** 31 - 1;
