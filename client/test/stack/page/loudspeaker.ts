// Listens in front of the loudspeaker of a page, beside what is connected to it.

const TAP = `registerProcessor('tap',class extends AudioWorkletProcessor{
process([[samples]]){if(samples)this.port.postMessage([samples.slice(),currentFrame]);return true}})`;

/** Hands over what is rendered from now on: samples of 16 bit, and the frame of the context at which they begin. */
export function tapLoudspeaker(hear: (samples: number[], frame: number) => void, found = (_: BaseAudioContext) => {}) {
  const { connect } = AudioNode.prototype;

  async function tap(source: AudioNode): Promise<void> {
    const url = URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' }));
    await source.context.audioWorklet.addModule(url);
    const node = new AudioWorkletNode(source.context, 'tap', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data: [samples, frame] }: MessageEvent<[Float32Array, number]>) =>
      hear(
        Array.from(samples, (sample) => Math.round(sample * 32768)),
        frame,
      );
    Reflect.apply(connect, source, [node]);
  }

  AudioNode.prototype.connect = function (this: AudioNode, target: AudioNode, ...rest: number[]) {
    if (target === this.context.destination) {
      found(this.context);
      void tap(this);
    }
    return Reflect.apply(connect, this, [target, ...rest]);
  } as typeof connect;
}
