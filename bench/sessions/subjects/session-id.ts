import { createRequire } from 'node:module';

// The copy of the generator that express-session uses, in whichever folder npm has installed it.
const require = createRequire(createRequire(import.meta.url).resolve('express-session'));
const uid: { sync(bytes: number): string } = require('uid-safe');

/** Returns an id exactly as express-session generates it for a new session: 24 random bytes as URL-safe base64. */
export const newId = (): string => uid.sync(24);

export const ID_WIDTH = newId().length;
