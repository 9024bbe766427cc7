/** In this order: each needs the result of the previous one. `change` saves a loaded session with another text. */
export const FRONT_OPERATIONS = ['set', 'get', 'touch', 'change'] as const;
export type FrontOperation = (typeof FRONT_OPERATIONS)[number];
