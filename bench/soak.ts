import type { Counts } from './soaking/counts.ts';
import { judge } from './soaking/judge.ts';
import { soakRound } from './soaking/round.ts';

/**
 * Brings a lab up and down again and again: `WEFT_SOAK_ROUNDS=200 node bench/soak.ts`. What the machine holds after each
 * round goes to stderr as JSON, one judgement per count to stdout. Exit 1 when a count grew or a lab left something, 2
 * for a number of rounds that is none, 3 without root.
 */
const rounds = Number(process.env['WEFT_SOAK_ROUNDS'] ?? 200);
const name = `soak-${process.pid}`;
const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function soak(): Promise<number> {
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100_000) {
    progress('WEFT_SOAK_ROUNDS must be a number of rounds, 1 to 100000');
    return 2;
  }
  if (process.getuid?.() !== 0) {
    progress('labs need root: sudo make soak');
    return 3;
  }
  // What only the first lab of a machine loads or compiles is not what grows.
  await soakRound(name);
  const counted: Counts[] = [];
  for (let round = 1; round <= rounds; round++) {
    const counts = await soakRound(name);
    counted.push(counts);
    progress(JSON.stringify({ round, ...counts }));
  }
  const judgements = judge(counted);
  for (const judgement of judgements) process.stdout.write(`${JSON.stringify(judgement)}\n`);
  return judgements.some(({ flat }) => flat === false) ? 1 : 0;
}

try {
  process.exitCode = await soak();
} catch (error) {
  progress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
