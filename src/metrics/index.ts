export { type DistributionReading, quantileOf } from '../measures/distribution.js';
export { type MeasuresReading, observeStore, readMeasures } from './read-measures.js';
