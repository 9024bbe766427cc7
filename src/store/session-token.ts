import { hash } from 'node:crypto';
import { customAlphabet } from 'nanoid';

export const idLength = 24;
const secretLength = 40;

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const generateId = customAlphabet(alphabet, idLength);
const generateSecret = customAlphabet(alphabet, secretLength);
/** Generates a text in the form of a result of `hashSecret`. */
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

/**
 * Returns the id as one flat string. V8 may represent a text that was built character by character as a tree, and keep
 * one node per character in memory as long as the id.
 */
function joined(id: string): string {
  return Buffer.from(id, 'latin1').toString('latin1');
}

/**
 * Returns the id of a named session. The same name always gives the same id. The id is made from the SHA-512 of the
 * name, so that it does not reveal the name.
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

/** Returns a random hash for a session without a token. No secret with this hash is known. */
export function hashOfNoSecret(): string {
  return generateHash();
}

export function isSessionId(value: unknown): value is string {
  return typeof value === 'string' && value.length === idLength && isAlphanumeric(value);
}

/** Splits a token. Returns `undefined` for a value that does not have the form of a token. */
export function parseToken(token: unknown): TokenParts | undefined {
  if (typeof token !== 'string' || token.length !== idLength + secretLength || !isAlphanumeric(token)) return undefined;
  return { id: token.slice(0, idLength), secret: token.slice(idLength) };
}

/** Returns the secret part of a token, also if its first part is an alias. */
export function secretOf(token: string): string {
  return token.slice(idLength);
}

/** Runs on every request. Takes a tenth of the time of a regular expression. */
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
 * Returns the SHA-256 of the secret, base64url. Stores see only this hash. A fast hash is enough, because the secret is
 * random and too long to guess. Slow hashes protect passwords, which people choose.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
