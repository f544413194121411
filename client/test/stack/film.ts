// A film of a page: a GIF of its screenshots, of which each frame has what has changed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { GIFEncoder, nearestColorIndex, quantize } from 'gifenc';
import type { Page } from 'playwright-core';

const LEAST_MILLISECONDS = 150;
const COLOURS = 63;
const LAST_MILLISECONDS = 2500;
const MOST_BYTES = 150_000;

interface Screenshot {
  png: Buffer;
  at: number;
}

/** Does something, and films it. */
export async function film(page: Page, file: string, act: () => Promise<void>): Promise<void> {
  const shots: Screenshot[] = [];
  const camera = await page.context().newCDPSession(page);
  camera.on('Page.screencastFrame', ({ data, metadata, sessionId }) => {
    const at = 1000 * Number(metadata.timestamp);
    if (at - (shots.at(-1)?.at ?? 0) >= LEAST_MILLISECONDS) shots.push({ at, png: Buffer.from(data, 'base64') });
    camera.send('Page.screencastFrameAck', { sessionId }).catch(() => {}); // the last one comes too late
  });
  await camera.send('Page.startScreencast', { format: 'png' });
  await act();
  await camera.send('Page.stopScreencast');
  await camera.detach();
  mkdirSync(dirname(file), { recursive: true });
  const gif = await animated(page, shots);
  if (gif.length > MOST_BYTES) throw new Error(`The film has ${gif.length} bytes: too many for a README.`);
  writeFileSync(file, gif);
}

async function animated(page: Page, shots: Screenshot[]): Promise<Uint8Array> {
  const { width, height } = page.viewportSize() as { width: number; height: number };
  const frames: { rgba: Uint8Array; at: number }[] = [];
  for (const [number, { png, at }] of shots.entries()) {
    if (number === 0 || !png.equals(shots[number - 1]?.png as Buffer))
      frames.push({ at, rgba: await pixels(page, png) });
  }
  const some = [0, 0.25, 0.5, 0.75, 1].map((part) => frames[Math.round(part * (frames.length - 1))]?.rgba ?? []);
  const palette = quantize(Uint8Array.from(Buffer.concat(some.map((rgba) => Buffer.from(rgba)))), COLOURS);
  const transparentIndex = palette.length;
  const known = new Map<number, number>();
  const inPalette = (rgba: Uint8Array) =>
    Uint8Array.from({ length: width * height }, (_, pixel) => {
      const [red = 0, green = 0, blue = 0] = rgba.subarray(4 * pixel);
      const key = (red << 16) | (green << 8) | blue;
      const found = known.get(key) ?? nearestColorIndex(palette, [red, green, blue]);
      known.set(key, found);
      return found;
    });
  const gif = GIFEncoder();
  let before: Uint8Array | undefined;
  for (const [number, { rgba, at }] of frames.entries()) {
    const index = inPalette(rgba);
    const changed = index.map((colour, pixel) => (colour === before?.[pixel] ? transparentIndex : colour));
    gif.writeFrame(changed, width, height, {
      ...(!before && { palette: [...palette, [0, 0, 0]] }),
      delay: (frames[number + 1]?.at ?? at + LAST_MILLISECONDS) - at,
      dispose: 1,
      transparent: before !== undefined,
      transparentIndex,
    });
    before = index;
  }
  gif.finish();
  return gif.bytes();
}

/** Has the browser decode a PNG. */
async function pixels(page: Page, png: Buffer): Promise<Uint8Array> {
  const rgba = await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d') as OffscreenCanvasRenderingContext2D;
    canvas.drawImage(image, 0, 0);
    const { data } = canvas.getImageData(0, 0, image.width, image.height);
    let text = '';
    for (let at = 0; at < data.length; at += 8192) text += String.fromCharCode(...data.subarray(at, at + 8192));
    return btoa(text);
  }, png.toString('base64'));
  return Uint8Array.from(Buffer.from(rgba, 'base64'));
}
