// The icon as PNG, in the sizes that phones want: the squares of icon.svg, painted here.

import { deflateSync, crc32 } from "node:zlib";

const BLUE = [11, 92, 138];
const WHITE = [255, 255, 255];
const STRONG = [0, 5, 7]; // of the nine squares
const FINE = 4; // samples along each side of a pixel

/** Whether a place is in a square with round corners. */
function isIn(x, y, left, top, side, radius) {
  const away = (at, start) => Math.max(start + radius - at, at - (start + side - radius), 0);
  const isInside = x >= left && x <= left + side && y >= top && y <= top + side;
  return isInside && Math.hypot(away(x, left), away(y, top)) <= radius;
}

/** Colour and opacity at a place of the 32 by 32 of icon.svg. */
function colourAt(x, y, corner) {
  if (!isIn(x, y, 0, 0, 32, corner)) return [0, 0, 0, 0];
  for (let n = 0; n < 9; n++) {
    if (!isIn(x, y, 7 + 6.5 * (n % 3), 7 + 6.5 * Math.floor(n / 3), 5, 1)) continue;
    const weight = STRONG.includes(n) ? 1 : 0.3;
    return [...BLUE.map((blue, c) => blue + weight * (WHITE[c] - blue)), 1];
  }
  return [...BLUE, 1];
}

function chunk(name, content) {
  const body = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** The icon as the bytes of a PNG; `corner` is the radius of its corners, of 32. */
export function icon(size, corner = 7) {
  const rows = Buffer.alloc(size * (1 + 4 * size)); // each row begins with its filter: none
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const sum = [0, 0, 0, 0];
      for (let n = 0; n < FINE * FINE; n++) {
        const x = column + ((n % FINE) + 0.5) / FINE;
        const y = row + (Math.floor(n / FINE) + 0.5) / FINE;
        const [r, g, b, a] = colourAt((32 * x) / size, (32 * y) / size, corner);
        [r * a, g * a, b * a, a].forEach((value, c) => (sum[c] += value));
      }
      const at = row * (1 + 4 * size) + 1 + 4 * column;
      for (let c = 0; c < 3; c++) rows[at + c] = Math.round(sum[c] / (sum[3] || 1));
      rows[at + 3] = Math.round((255 * sum[3]) / FINE ** 2);
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 6, 0, 0, 0], 8); // eight bits of red, green, blue and opacity
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
