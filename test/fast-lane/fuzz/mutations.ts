import { between, pick, type Random } from '../../torture/random.js';
import { framing, methods, others, targets, versions } from './odd-texts.js';
import { type Caller, otherOf, pollOf, type RequestText, textOf } from './requests.js';

const bytes = [...'\r\n\0\t :;,%?#/\\"\'=&+-.()<>{}[]@!~Aa0\x01\x0b\x0c\x1f\x7f\x80\x85\xa0\xe9\xff'];
const lineEnds = [
  '\n',
  '\r',
  '\r\r\n',
  '\n\r',
  '\r\n\n',
  '\r\n\r\n',
  '\n\n',
  ' \r\n',
  '\t\r\n',
  '\r\n ',
  '\r\n\t',
  '\0\r\n',
];

type Mutation = (request: RequestText, caller: Caller, random: Random) => RequestText | string;

const addHeader =
  (lines: readonly string[]): Mutation =>
  (request, _caller, random) => {
    const at = between(0, request.headers.length, random);
    return { ...request, headers: request.headers.toSpliced(at, 0, pick(lines, random)) };
  };

const mutations: readonly Mutation[] = [
  setByte,
  setByte,
  insertByte,
  insertByte,
  deleteByte,
  changeLineEnd,
  addHeader(framing),
  addHeader(framing),
  addHeader(others),
  addHeader(others),
  addHeader(others),
  doubleHeader,
  dropHeader,
  (request, _caller, random) => ({ ...request, target: pick(targets, random) }),
  (request, _caller, random) => ({ ...request, method: pick(methods, random) }),
  (request, _caller, random) => ({ ...request, version: pick(versions, random) }),
  (request, caller, random) => ({ ...request, body: bodyOf(caller, random) }),
  (request, caller, random) => smuggle(request, caller, random),
  lengthen,
  copySlice,
  truncate,
];

/** Makes up to three changes to a request. */
export function mutated(request: RequestText, caller: Caller, random: Random): string {
  let result: RequestText | string = request;
  for (let left = between(1, 3, random); left > 0 && typeof result !== 'string'; left--) {
    result = pick(mutations, random)(result, caller, random);
  }
  return typeof result === 'string' ? result : textOf(result);
}

function setByte(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const at = between(0, text.length - 1, random);
  return `${text.slice(0, at)}${pick(bytes, random)}${text.slice(at + 1)}`;
}

function insertByte(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const at = between(0, text.length, random);
  return `${text.slice(0, at)}${pick(bytes, random)}${text.slice(at)}`;
}

function deleteByte(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const at = between(0, text.length - 1, random);
  return `${text.slice(0, at)}${text.slice(at + between(1, 4, random))}`;
}

function changeLineEnd(request: RequestText, _caller: Caller, random: Random): string {
  const lines = textOf(request).split('\r\n');
  const changed = between(0, lines.length - 2, random);
  const end = pick(lineEnds, random);
  return lines.reduce((text, line, n) => `${text}${n === 0 ? '' : n - 1 === changed ? end : '\r\n'}${line}`, '');
}

function doubleHeader(request: RequestText, _caller: Caller, random: Random): RequestText {
  if (request.headers.length === 0) return request;
  const line = pick(request.headers, random);
  const copy = pick([line, line.toUpperCase(), line.replace(/:.*/, ': x'), line.replace(':', ' :')], random);
  return { ...request, headers: [...request.headers, copy] };
}

function dropHeader(request: RequestText, _caller: Caller, random: Random): RequestText {
  return { ...request, headers: request.headers.toSpliced(between(0, request.headers.length, random), 1) };
}

function bodyOf(caller: Caller, random: Random): string {
  const poll = textOf(pollOf(caller, random));
  return pick(['hello', '0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '\r\n', '\0', poll, `0\r\n\r\n${poll}`], random);
}

/** Puts another request into the body of a request whose two lengths contradict each other. */
function smuggle(request: RequestText, caller: Caller, random: Random): RequestText {
  const inner = textOf(random() < 0.7 ? pollOf(caller, random) : otherOf(caller, random));
  const body = pick([inner, `0\r\n\r\n${inner}`, `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`], random);
  const length = `Content-Length: ${pick([0, 4, body.length, inner.length, body.length - 1, body.length + 1], random)}`;
  const headers = [...request.headers];
  if (random() < 0.8) headers.push(length);
  if (random() < 0.6) headers.push(pick(framing.slice(0, 10), random));
  return { ...request, headers, body };
}

function lengthen(request: RequestText, _caller: Caller, random: Random): RequestText {
  const size = pick([200, 2_000, 4_000, 7_900, 8_200, 9_000, 15_900, 16_384, 17_000, 40_000], random);
  const count = pick([50, 62, 63, 64, 65, 70, 200, 1_000, 2_100], random);
  switch (between(0, 3, random)) {
    case 0:
      return {
        ...request,
        target: `${request.target}${request.target.includes('?') ? '&' : '?'}x=${'y'.repeat(size)}`,
      };
    case 1:
      return { ...request, headers: [...request.headers, `X-Long: ${'z'.repeat(size)}`] };
    case 2:
      return { ...request, headers: [`X${'-'.repeat(size)}: 1`, ...request.headers] };
    default:
      return { ...request, headers: [...Array.from({ length: count }, (_, n) => `X-${n}: 1`), ...request.headers] };
  }
}

function copySlice(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  const from = between(0, text.length - 1, random);
  const slice = text.slice(from, from + between(1, 40, random));
  const at = between(0, text.length, random);
  return `${text.slice(0, at)}${slice}${text.slice(at)}`;
}

function truncate(request: RequestText, _caller: Caller, random: Random): string {
  const text = textOf(request);
  return text.slice(0, between(0, text.length, random));
}
