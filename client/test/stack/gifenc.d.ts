// What is used of gifenc, which has no types. Source: https://github.com/mattdesl/gifenc#api
declare module 'gifenc' {
  type Palette = number[][];
  interface FrameOptions {
    palette?: Palette;
    delay: number;
    dispose: number;
    transparent: boolean;
    transparentIndex: number;
  }
  export function GIFEncoder(): {
    writeFrame(index: Uint8Array, width: number, height: number, options: FrameOptions): void;
    finish(): void;
    bytes(): Uint8Array;
  };
  export function quantize(rgba: Uint8Array, colours: number): Palette;
  export function nearestColorIndex(palette: Palette, colour: number[]): number;
}
