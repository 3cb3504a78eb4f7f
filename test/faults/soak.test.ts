/** Three rounds of the soak (bench/soak.ts), which leave nothing; whether the machine grows takes many more. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotSendPackets } from '../support/lab.ts';

const soak = join(import.meta.dirname, '../../bench/soak.ts');

test(
  'three rounds of up, real packets and down leave nothing and are counted',
  { skip: cannotSendPackets },
  async () => {
    const { code, out, err } = await run({ WEFT_SOAK_ROUNDS: '3' });
    assert.equal(code, 0, err);
    const rounds = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { round: number; namespaces: number });
    assert.deepEqual(
      rounds.map(({ round }) => round),
      [1, 2, 3],
    );
    assert.ok(rounds.every(({ namespaces }) => namespaces > 0));
    const judgements = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { soak: string; flat: boolean | null });
    assert.deepEqual(
      judgements.map(({ soak }) => soak),
      ['namespaces', 'processes', 'descriptors', 'mounts', 'conntrack', 'usedKilobytes', 'slabKilobytes'],
    );
    assert.ok(
      judgements.every(({ flat }) => flat === null),
      'three rounds are too few to judge',
    );
  },
);

test('a number of rounds that is none is refused', async () => {
  const { code, err } = await run({ WEFT_SOAK_ROUNDS: 'many' });
  assert.equal(code, 2);
  assert.match(err, /must be a number of rounds/);
});

function run(env: Record<string, string>): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [soak], { env: { ...process.env, ...env } }, (error, out, err) =>
      resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}
