/** In this order: each needs what the one before it left. */
export const FRONT_OPERATIONS = ['set', 'get', 'touch'] as const;
export type FrontOperation = (typeof FRONT_OPERATIONS)[number];
