import { resources } from '../../src/api/resources.ts';
import { openLabs } from '../../src/cmd/weft/labs.ts';
import { applications, type Application } from '../lib/applications.ts';
import type { Figure, Progress } from '../lib/figure.ts';
import { benchLabName } from '../lib/lab.ts';
import { weft } from '../lib/weft.ts';

const runs = 11;
const pods = 12;

/** From the command to an application whose pods are all ready and programmed on three nodes. */
export const figure: Figure = {
  name: 'up',
  async *measure(progress) {
    for (const { application, ipFamily } of variants) {
      const name = `up${application.suffix}${ipFamily === 'ipv4' ? '' : `-${ipFamily}`}`;
      yield {
        bench: name,
        unit: 'ms',
        samples: await samplesOf({ application, ipFamily }, (text) => progress(`${name} ${text}`)),
        target: 2000,
        peer: {
          value: 33_000,
          source: 'kind, one node until Ready: 33 to 63 s, and no application yet',
        },
      };
    }
  },
};

interface Variant {
  readonly application: Application;
  readonly ipFamily: 'ipv4' | 'dual';
}

/** Every application, and the last of them with two families as well. */
const variants: readonly Variant[] = [
  ...applications.map((application) => ({ application, ipFamily: 'ipv4' }) as const),
  ...applications.slice(-1).map((application) => ({ application, ipFamily: 'dual' }) as const),
];

async function samplesOf({ application, ipFamily }: Variant, progress: Progress): Promise<number[]> {
  const { path } = application;
  const options = ['--wait', '--name', benchLabName, '--ip-family', ipFamily];
  const samples: number[] = [];
  // The first run may have to compile: it is not counted, as no later run of a checkout pays for that again.
  for (let run = 0; run <= runs; run++) {
    const { milliseconds } = await weft(['up', '-f', path, ...options]);
    try {
      await requireReady();
    } finally {
      await weft(['down', '--name', benchLabName]);
    }
    progress(`${run === 0 ? 'warm-up' : `${run}/${runs}`}: ${milliseconds.toFixed(0)} ms`);
    if (run > 0) samples.push(milliseconds);
  }
  return samples;
}

/** A time is worth nothing when the command returned too early. */
async function requireReady(): Promise<void> {
  const connection = await openLabs().connect(benchLabName);
  try {
    const { items } = await connection.client.list(resources.pods, { namespace: 'default' });
    const ready = items.filter(({ status }) =>
      status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    );
    if (ready.length !== pods)
      throw new Error(`up --wait returned with ${ready.length} of ${pods} pods ready`);
  } finally {
    await connection.close();
  }
}
