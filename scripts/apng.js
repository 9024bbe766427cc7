// Makes one animated PNG from screenshots of the same size. It has 256 colours, and contains only the rectangle of each frame
// that differs from the frame before.
import { deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const crcs = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? 0xedb88320 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});

function crcOf(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = crcs[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length);
  body.copy(framed, 4);
  framed.writeUInt32BE(crcOf(body), body.length + 4);
  return framed;
}

function numbers(...values) {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

/** Returns the pixels of a PNG in 8-bit RGB or RGBA that is not interlaced, the format of browser screenshots. */
export function decode(png) {
  const header = {};
  const parts = [];
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const data = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR')
      Object.assign(header, { width: data.readUInt32BE(0), height: data.readUInt32BE(4), kind: data[9] });
    if (type === 'IDAT') parts.push(data);
    at += length + 12;
  }
  const { width, height, kind } = header;
  const depth = kind === 6 ? 4 : 3;
  const raw = unfilter(inflateSync(Buffer.concat(parts)), width * depth, height, depth);
  const pixels = new Uint32Array(width * height);
  for (let index = 0; index < pixels.length; index += 1) {
    const at = index * depth;
    pixels[index] = (raw[at] << 16) | (raw[at + 1] << 8) | raw[at + 2];
  }
  return { width, height, pixels };
}

function unfilter(data, stride, height, depth) {
  const raw = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = data[y * (stride + 1)];
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x >= depth ? raw[at - depth] : 0;
      const up = y > 0 ? raw[at - stride] : 0;
      const corner = x >= depth && y > 0 ? raw[at - stride - depth] : 0;
      raw[at] = data[y * (stride + 1) + 1 + x] + predictions[filter](left, up, corner);
    }
  }
  return raw;
}

/** The prediction of a byte by each type of row filter. */
const predictions = [() => 0, (left) => left, (_left, up) => up, (left, up) => (left + up) >> 1, paeth];

function paeth(left, up, corner) {
  const sum = left + up - corner;
  const [a, b, c] = [Math.abs(sum - left), Math.abs(sum - up), Math.abs(sum - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

/** Returns the 256 most frequent colours, and for each other colour the nearest of these. */
function paletteOf(frames) {
  const counts = new Map();
  for (const { pixels } of frames) {
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  }
  const colours = [...counts].sort(([, one], [, other]) => other - one).map(([colour]) => colour);
  const palette = colours.slice(0, 256);
  const indexes = new Map(palette.map((colour, index) => [colour, index]));
  for (const colour of colours.slice(256)) indexes.set(colour, nearest(palette, colour));
  return { palette, indexes };
}

function nearest(palette, colour) {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, each] of palette.entries()) {
    const red = (each >> 16) - (colour >> 16);
    const green = ((each >> 8) & 255) - ((colour >> 8) & 255);
    const blue = (each & 255) - (colour & 255);
    const distance = red * red + green * green + blue * blue;
    if (distance < least) [best, least] = [index, distance];
  }
  return best;
}

/** Returns the smallest rectangle in which two frames differ; a single pixel when they are equal. */
function difference(before, { width, height, indexed }) {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (before[y * width + x] === indexed[y * width + x]) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  if (right < 0) return { x: 0, y: 0, width: 1, height: 1 };
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function compress({ width, indexed }, area) {
  const rows = Buffer.alloc((area.width + 1) * area.height);
  for (let y = 0; y < area.height; y += 1) {
    const from = (area.y + y) * width + area.x;
    rows.set(indexed.subarray(from, from + area.width), y * (area.width + 1) + 1);
  }
  return deflateSync(rows, { level: 9 });
}

/**
 * @param pictures PNG files of the same size
 * @param delays milliseconds for which each picture is shown
 * @returns an animated PNG of 256 colours that repeats for ever
 */
export function animate(pictures, delays) {
  const frames = pictures.map(decode);
  const { palette, indexes } = paletteOf(frames);
  for (const frame of frames) frame.indexed = Uint8Array.from(frame.pixels, (pixel) => indexes.get(pixel));
  const [{ width, height }] = frames;
  const chunks = [
    chunk('IHDR', Buffer.concat([numbers(width, height), Buffer.from([8, 3, 0, 0, 0])])),
    chunk(
      'PLTE',
      Buffer.concat(palette.map((colour) => Buffer.from([colour >> 16, (colour >> 8) & 255, colour & 255]))),
    ),
    chunk('acTL', numbers(frames.length, 0)),
  ];
  let sequence = 0;
  for (const [index, frame] of frames.entries()) {
    const whole = { x: 0, y: 0, width, height };
    const area = index === 0 ? whole : difference(frames[index - 1].indexed, frame);
    const timing = Buffer.from([delays[index] >> 8, delays[index] & 255, 1_000 >> 8, 1_000 & 255, 0, 0]);
    chunks.push(chunk('fcTL', Buffer.concat([numbers(sequence, area.width, area.height, area.x, area.y), timing])));
    sequence += 1;
    const data = compress(frame, area);
    if (index === 0) chunks.push(chunk('IDAT', data));
    else {
      chunks.push(chunk('fdAT', Buffer.concat([numbers(sequence), data])));
      sequence += 1;
    }
  }
  return Buffer.concat([signature, ...chunks, chunk('IEND', Buffer.alloc(0))]);
}
