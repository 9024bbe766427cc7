import { hash } from 'node:crypto';
import { customAlphabet } from 'nanoid';

export const idLength = 24;
const secretLength = 40;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const generateId = customAlphabet(alphabet, idLength);
const generateSecret = customAlphabet(alphabet, secretLength);
/** In the form of `hashSecret`. */
const generateHash = customAlphabet(`${alphabet}-_`, 43);

/** The two parts of a token: the public id, and the secret (238 bits) that authenticates the bearer. */
export interface TokenParts {
  readonly id: string;
  readonly secret: string;
}

/** @param prefix the first characters of the id, from `SessionStore.idPrefix` */
export function newId(prefix: string): string {
  return joined(prefix === '' ? generateId() : prefix + generateId(idLength - prefix.length));
}

/** In one piece. Of an id that was put together character by character, V8 may keep a node for each as long as the id is kept. */
function joined(id: string): string {
  return Buffer.from(id, 'latin1').toString('latin1');
}

/**
 * The id for a named session. The same name always gives the same id. Made of the name's SHA-512, so that the id does
 * not reveal the name.
 * @param prefix as in `newId`
 */
export function idOf(prefix: string, name: string): string {
  let id = prefix;
  for (const byte of hash('sha512', name, 'buffer').subarray(0, idLength - prefix.length)) {
    id += alphabet[byte % alphabet.length];
  }
  return joined(id);
}

export function newSecret(): string {
  return generateSecret();
}

/** In the place of a hash, for a session without a token: no secret is known that has it. */
export function hashOfNoSecret(): string {
  return generateHash();
}

export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && value.length === idLength && isAlphanumeric(value);
}

/** Splits a token. `undefined` for a value that is not of a token's form. */
export function parseToken(token: unknown): TokenParts | undefined {
  if (typeof token !== 'string' || token.length !== idLength + secretLength || !isAlphanumeric(token)) return undefined;
  return { id: token.slice(0, idLength), secret: token.slice(idLength) };
}

/** The secret part of a token, also of one whose first part is an alias. */
export function secretOf(token: string): string {
  return token.slice(idLength);
}

/** Runs on every request, and takes a tenth of a regular expression's time. */
function isAlphanumeric(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const isDigit = code >= 48 && code <= 57;
    const letter = code | 32;
    if (!isDigit && (letter < 97 || letter > 122)) return false;
  }
  return true;
}

/**
 * SHA-256 of the secret, base64url. Stores see only this. A fast hash is enough, because the secret is random and too
 * long to guess. Slow hashes protect passwords, which people choose.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
