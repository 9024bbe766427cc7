/** In this order: each needs what the one before it left. `change` saves a session that was loaded, with another text. */
export const FRONT_OPERATIONS = ['set', 'get', 'touch', 'change'] as const;
export type FrontOperation = (typeof FRONT_OPERATIONS)[number];
