import { resources } from '../../src/api/resources.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { labNodeName } from '../../src/model/network/lab-addresses.ts';
import { slotTypes, servicesTables } from '../../src/plan/services/skeleton.ts';
import type { Figure, Measurement, Progress } from '../lib/figure.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';
import { createServices, endpointAddress, sliceName } from '../lib/many-services.ts';
import { createNftEvents, type NftEvents } from '../lib/nft-events.ts';
import { quantile } from '../lib/summary.ts';

const services = 1000;
const changes = 400;
const nodes = [0, 1, 2].map((index) => nodeNetns(labNodeName(index)));
/** How long the lab is left alone after the Services were created. */
const settleMs = 1000;
const longestMs = 10_000;

/**
 * One endpoint of one of 1,000 Services gets another address: from the start of the write to the API until the
 * kernels of all three nodes say that they committed it.
 */
export const figure: Figure = {
  name: 'endpoint-change',
  async *measure(progress) {
    // Before the first namespace is entered: its worker would live there.
    const watcher = createNftEvents();
    const lab = await startBenchLab();
    const events = watcher.over(lab.namespaces);
    try {
      await createServices(lab.connection.client, services);
      await whenProgrammed(lab, progress);
      for (const node of nodes) events.listen(node);
      yield await measure({ lab, events, progress });
    } finally {
      await events.close();
      await lab.down();
    }
  },
};

async function whenProgrammed({ connection }: BenchLab, progress: Progress): Promise<void> {
  const { items } = await connection.client.list(resources.endpointslices);
  const versions = items.map(({ metadata }) => BigInt(metadata.resourceVersion ?? '0'));
  const newest = versions.reduce((a, b) => (a > b ? a : b), 0n);
  await connection.programmed({ endpointslices: String(newest) });
  progress(`endpoint-change: ${items.length} slices are programmed`);
  await new Promise((resolve) => void setTimeout(resolve, settleMs));
}

interface Bench {
  readonly lab: BenchLab;
  readonly events: NftEvents;
  readonly progress: Progress;
}

async function measure({ lab, events, progress }: Bench): Promise<Measurement> {
  const samples: number[] = [];
  const answers: number[] = [];
  for (let change = 0; change < changes; change++) {
    // A prime step: neighbouring changes hit Services far apart.
    const index = (change * 397) % services;
    const address = `198.19.${change >> 8}.${change & 255}`;
    const committed = whenCommitted(events, address);
    const start = performance.now();
    await lab.connection.client.patch(resources.endpointslices, sliceName(index), {
      body: {
        endpoints: [endpointAddress(index, 0), address].map((one) => ({
          addresses: [one],
          conditions: { ready: true },
        })),
      },
    });
    answers.push(performance.now() - start);
    samples.push((await committed) - start);
    if (change % 50 === 0) requireHeld(lab, address);
  }
  progress(`endpoint-change: the API server answers after ${quantile(answers, 0.5).toFixed(2)} ms (median)`);
  return {
    bench: 'endpoint-change',
    unit: 'ms',
    samples,
    target: 5,
    peer: {
      value: 250,
      source: 'kube-proxy 1.36 nftables, 1,000 Services x 2, nft 1.0.6, 2 cores: one change, sync alone',
    },
  };
}

/** When the last of the nodes' kernels announced an endpoint with this address. */
function whenCommitted(events: NftEvents, address: string): Promise<number> {
  const bytes = Buffer.from(address.split('.').map(Number));
  const missing = new Set(nodes);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`${address} was not programmed on ${[...missing].join(', ')}`));
    }, longestMs);
    events.onElement(({ netns, value, at }) => {
      // A slot map's value is address . port, each component padded to four bytes.
      if (!value.subarray(0, 4).equals(bytes) || !missing.delete(netns) || missing.size > 0) return;
      clearTimeout(late);
      resolve(at);
    });
  });
}

/** What the kernel announced is also what it lists. */
function requireHeld({ namespaces }: BenchLab, address: string): void {
  const nft = createNftables({ namespaces });
  try {
    for (const node of nodes) {
      const slots = [0, 1].flatMap((slot) =>
        nft.elements(node, { ...servicesTables.IPv4, set: `slot-${slot}` }, slotTypes.IPv4),
      );
      const isHeld = slots.some(({ value }) => Array.isArray(value) && value[0] === address);
      if (!isHeld || slots.length < 2 * services) throw new Error(`${node} does not hold ${address}`);
    }
  } finally {
    nft.close();
  }
}
