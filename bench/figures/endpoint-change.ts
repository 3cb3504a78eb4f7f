import { resources } from '../../src/api/resources.ts';
import { createNftables } from '../../src/kernel/nft/nftables.ts';
import { nodeNetns } from '../../src/model/fabric/default-fabric.ts';
import { labNodeName } from '../../src/model/network/lab-addresses.ts';
import { slotTypes, servicesTables } from '../../src/plan/services/skeleton.ts';
import { collectGarbage } from '../lib/collect-garbage.ts';
import type { Figure, Measurement, Peer, Progress } from '../lib/figure.ts';
import { startBenchLab, type BenchLab } from '../lib/lab.ts';
import { createServices, endpointAddress, sliceName, whenSlicesProgrammed } from '../lib/many-services.ts';
import { createNftEvents, type NftEvents } from '../lib/nft-events.ts';
import { quantile } from '../lib/summary.ts';

const variants = [
  { bench: 'endpoint-change', services: 1000, peerMs: 250 },
  { bench: 'endpoint-change-5000', services: 5000, peerMs: 1800 },
  { bench: 'endpoint-change-10000', services: 10_000, peerMs: undefined },
] as const;
const changes = 400;
const nodes = [0, 1, 2].map((index) => nodeNetns(labNodeName(index)));
/** How long the lab is left alone after the Services were created. */
const settleMs = 1000;
const longestMs = 10_000;

/**
 * One endpoint of one of 1,000, 5,000 or 10,000 Services gets another address: from the start of the write to the API until the
 * kernels of all three nodes say that they committed it.
 */
export const figure: Figure = {
  name: 'endpoint-change',
  async *measure(progress) {
    for (const variant of variants) yield await measureVariant(variant, progress);
  },
};

type Variant = (typeof variants)[number];

async function measureVariant(variant: Variant, progress: Progress): Promise<Measurement> {
  // Before the first namespace is entered: its worker would live there.
  const watcher = createNftEvents();
  const lab = await startBenchLab();
  const events = watcher.over(lab.namespaces);
  try {
    await createServices(lab.connection.client, variant.services);
    await whenSlicesProgrammed(lab.connection);
    await new Promise((resolve) => void setTimeout(resolve, settleMs));
    for (const node of nodes) events.listen(node);
    return await measure({ lab, events, variant, progress });
  } finally {
    await events.close();
    await lab.down();
  }
}

interface Bench {
  readonly lab: BenchLab;
  readonly events: NftEvents;
  readonly variant: Variant;
  readonly progress: Progress;
}

async function measure({ lab, events, variant, progress }: Bench): Promise<Measurement> {
  const samples: number[] = [];
  const answers: number[] = [];
  for (let change = 0; change < changes; change++) {
    // A prime step: neighbouring changes hit Services far apart.
    const index = (change * 397) % variant.services;
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
    if (change % 50 !== 0) continue;
    requireHeld(lab, address, variant.services);
    collectGarbage();
  }
  progress(`${variant.bench}: the API server answers after ${quantile(answers, 0.5).toFixed(2)} ms (median)`);
  return {
    bench: variant.bench,
    unit: 'ms',
    samples,
    target: 2,
    peer: peerOf(variant),
  };
}

function peerOf({ services, peerMs }: Variant): Peer | null {
  if (peerMs === undefined) return null;
  const source = `kube-proxy 1.36 nftables, ${services} Services x 2, nft 1.0.6, 2 cores: one change, sync alone`;
  return { value: peerMs, source };
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
function requireHeld({ namespaces }: BenchLab, address: string, services: number): void {
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
