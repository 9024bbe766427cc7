import { createRequire } from 'node:module';

// express-session's own copy of its generator, wherever the installer has put it.
const require = createRequire(createRequire(import.meta.url).resolve('express-session'));
const uid: { sync(bytes: number): string } = require('uid-safe');

/** Exactly what express-session does for a new session: 24 random bytes as URL-safe base64. */
export const newId = (): string => uid.sync(24);

export const ID_WIDTH = newId().length;
