import { Transform, type Duplex } from 'node:stream';

/** The first bytes of a stream, which is ended behind them. */
export function limitTo(stream: Duplex, bytes: number): Transform {
  let left = bytes;
  const limited = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const taken = chunk.subarray(0, left);
      left -= taken.length;
      done(null, taken);
      if (left > 0) return;
      this.push(null);
      stream.destroy();
    },
  });
  limited.once('close', () => stream.destroy());
  return stream.pipe(limited);
}
