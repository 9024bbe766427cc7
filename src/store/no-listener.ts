import type { StoreListener } from './store-listener.js';

/** Ignores all notices: for a store that is not open, or whose notices are not wanted. */
export const noListener: StoreListener = {
  appended() {},
  changed() {},
  closed() {},
  rotated() {},
  superseded() {},
  missed() {},
};
