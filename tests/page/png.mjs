// SPDX-License-Identifier: Apache-2.0
// A screenshot as a PNG of 256 colours, a third of its size: the repository keeps a few of them. Reads what Chromium writes
// (8 bits a channel, RGB or RGBA, not interlaced).
import { deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

function* chunks(png) {
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield { type: png.toString("latin1", at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) };
    at += length + 12;
  }
}

function paeth(a, b, c) {
  const p = a + b - c, pa = Math.abs(p - a), pb = Math.abs(p - b), pc = Math.abs(p - c);
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

// RGB triples as one number a pixel.
function decode(png) {
  const parts = [...chunks(png)], head = parts.find(({ type }) => type === "IHDR").data;
  const width = head.readUInt32BE(0), height = head.readUInt32BE(4), size = head[9] === 6 ? 4 : 3;
  const raw = inflateSync(Buffer.concat(parts.filter(({ type }) => type === "IDAT").map(({ data }) => data)));
  const pixels = new Uint32Array(width * height), stride = width * size;
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)], line = new Uint8Array(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let x = 0; x < stride; x++) {
      const left = x >= size ? line[x - size] : 0, up = above[x], corner = x >= size ? above[x - size] : 0;
      line[x] += [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
    }
    for (let x = 0; x < width; x++) pixels[y * width + x] = (line[x * size] << 16) | (line[x * size + 1] << 8) | line[x * size + 2];
    above = line;
  }
  return { width, height, pixels };
}

const distance = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + (((a >> 8) & 255) - ((b >> 8) & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;

// The most frequent colours, none of them close to a more frequent one; every other becomes the nearest of them.
function paletteOf(pixels) {
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const palette = [], byCount = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  for (const apart of [300, 0]) for (const colour of byCount)
    if (palette.length < 256 && !palette.includes(colour) && palette.every((one) => distance(one, colour) >= apart)) palette.push(colour);
  const nearest = new Map(byCount.map((colour) => [colour, palette.reduce((best, one, n) => (distance(one, colour) < distance(palette[best], colour) ? n : best), 0)]));
  return { palette, nearest };
}

const TABLE = Int32Array.from({ length: 256 }, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1; return n; });
function chunk(type, data) {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  data.copy(out, 8);
  let crc = -1;
  for (const byte of out.subarray(4, 8 + data.length)) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 255];
  out.writeUInt32BE((crc ^ -1) >>> 0, 8 + data.length);
  return out;
}

export function shrink(png) {
  const { width, height, pixels } = decode(png), { palette, nearest } = paletteOf(pixels);
  const head = Buffer.alloc(13), raw = Buffer.alloc((width + 1) * height);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 3, 0, 0, 0], 8);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) raw[y * (width + 1) + 1 + x] = nearest.get(pixels[y * width + x]);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255]));
  return Buffer.concat([SIGNATURE, chunk("IHDR", head), chunk("PLTE", colours), chunk("IDAT", deflateSync(raw, { level: 9, memLevel: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
