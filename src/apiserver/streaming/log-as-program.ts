import { Duplex } from 'node:stream';
import { channels, encodeFrame } from '../../lib/stream-frames.ts';

const endedWell = encodeFrame(channels.ended, Buffer.from('{"code":0}'));

/**
 * A log that is being followed, in the form of a program (frames of lib/stream-frames): its lines are the output, nobody
 * reads the input, and it ends well when the log ends.
 */
export function logAsProgram(log: Duplex): Duplex {
  const program = new Duplex({
    read: () => void log.resume(),
    write: (_chunk, _encoding, done) => done(),
    destroy(error, done) {
      log.destroy();
      done(error);
    },
  });
  log.on('data', (chunk: Buffer) => {
    if (!program.push(encodeFrame(channels.stdout, chunk))) log.pause();
  });
  let ended = false;
  const end = (last: Buffer | undefined): void => {
    if (ended || program.destroyed) return;
    ended = true;
    if (last !== undefined) program.push(last);
    program.push(null);
  };
  log.once('end', () => end(endedWell));
  log.once('close', () => end(undefined));
  log.on('error', () => end(undefined));
  return program;
}
