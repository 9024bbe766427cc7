export { type FastLane, fastLane } from './fast-lane.js';
export type { LaneCounts } from './lane-counts.js';
export type { FastLaneOptions, LaneRequest } from './lane-options.js';
