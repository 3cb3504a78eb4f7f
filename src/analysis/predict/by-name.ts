import { families, familyOf, formatAddress, parseAddress, type Family } from '../../lib/address.ts';
import { formatRange, joinRanges, type AddressRange } from '../../lib/prefix.ts';
import type { Cluster } from '../../model/cluster.ts';
import { familiesOfNetwork } from '../../model/network/config.ts';
import { labAddressesOf } from '../../model/network/lab-addresses.ts';
import { nameableParts } from '../../model/policy/nameable.ts';
import { inRange } from '../../model/policy/ranges.ts';
import { clusterDnsService } from '../cluster-dns.ts';
import { indexOf } from '../cluster-index.ts';
import type { Flow, Outcome, Prediction } from '../flow.ts';

/** A flow to a domain name. */
export type DomainFlow = Flow & { readonly destination: { readonly kind: 'domain' } };

/** A flow to an address; `domain` is the name that led there. */
export type NamedFlow = Flow & { readonly domain?: string };

/** Addresses that are told of one way beside another; the rest is counted. */
const mostRangesTold = 3;

/**
 * What will happen to a connection to whoever a domain name leads to. Where addresses of the name are known, they are
 * asked for; else every address that a name may have (ADR 0016), and where policies tell these apart it depends. Who may
 * not ask the cluster's DNS server never learns any.
 */
export function predictName(
  cluster: Cluster,
  flow: DomainFlow,
  predictWay: (flow: NamedFlow) => Prediction,
): Prediction {
  const { name } = flow.destination;
  const asking = askingFor(cluster, flow, predictWay);
  if (asking !== undefined && asking.verdict !== 'allowed') {
    const why = `it cannot ask the cluster DNS for ${name}: ${asking.why ?? asking.verdict}`;
    return { ...asking, why };
  }
  const outcomes = targetsOf(cluster, flow).flatMap(({ address, towards }) =>
    predictWay({ ...flow, destination: { kind: 'address', address }, domain: name }).outcomes.map((outcome) =>
      withAsking({ ...outcome, towards }, flow),
    ),
  );
  return combined(name, outcomes);
}

/** The source's question for the name, in clusters that have a DNS server. */
function askingFor(
  { services }: Cluster,
  { source }: DomainFlow,
  predictWay: (flow: NamedFlow) => Prediction,
): Prediction | undefined {
  if (source.kind !== 'pod' || !services.has(clusterDnsService)) return undefined;
  const destination = { kind: 'service', key: clusterDnsService } as const;
  return predictWay({ source, destination, protocol: 'UDP', port: 53 });
}

interface NameTarget {
  readonly address: string;
  readonly towards: string;
}

/** An address for each way that policies may treat the name: the known ones, else one for all that are treated alike. */
function targetsOf(
  cluster: Cluster,
  { source, destination, protocol, port, family }: DomainFlow,
): NameTarget[] {
  const { policies } = indexOf(cluster);
  const wanted = family === undefined ? familiesOfNetwork(cluster.config) : [family];
  const known = (cluster.domains?.get(destination.name) ?? []).filter((address) =>
    wanted.includes(familyOf(address)),
  );
  if (known.length > 0) return known.map((address) => ({ address, towards: address }));
  const pod = source.kind === 'pod' ? source.key : '';
  const cells = nameableParts(cluster.config, policies.addressCells(pod, 'egress')).filter(({ first }) =>
    wanted.includes(first.family),
  );
  const alike = Map.groupBy(cells, ({ first: address }) => {
    const peer = { address, domains: [destination.name] };
    const { steps, verdict } = policies.decide({ direction: 'egress', pod, peer, protocol, port });
    return JSON.stringify([verdict, steps]);
  });
  return [...alike.values()].flatMap((ranges) => {
    const joined = joinRanges(ranges);
    const [first] = joined;
    return first === undefined ? [] : [{ address: exampleIn(joined, first), towards: rangesText(joined) }];
  });
}

/** An address that is nobody's in the cluster, where there is a choice. */
function exampleIn(ranges: readonly AddressRange[], first: AddressRange): string {
  const usual = families.map((family: Family) => labAddressesOf[family].internet);
  const found = usual.find((text) => {
    const address = parseAddress(text);
    return address !== undefined && ranges.some((range) => inRange(range, address));
  });
  return found ?? formatAddress(first.first);
}

function rangesText(ranges: readonly AddressRange[]): string {
  const more = ranges.length - mostRangesTold;
  const told = ranges.slice(0, mostRangesTold).map(formatRange).join(', ');
  return more > 0 ? `${told} and ${more} more ranges` : told;
}

function withAsking(outcome: Outcome, { source, destination }: DomainFlow): Outcome {
  const at =
    source.kind === 'pod' ? source.key : source.kind === 'node' ? `node:${source.name}` : source.address;
  return {
    ...outcome,
    path: [{ at, action: `asks for the addresses of ${destination.name}`, packet: '' }, ...outcome.path],
  };
}

/** One verdict, where it is the same wherever the name leads. */
function combined(name: string, outcomes: readonly Outcome[]): Prediction {
  const [first] = outcomes;
  const [one, ...others] = new Set(outcomes.map(({ verdict }) => verdict));
  if (first !== undefined && one !== undefined && others.length === 0) {
    const { towards: _everywhere, ...only } = first;
    return { verdict: one, why: first.why, outcomes: outcomes.length === 1 ? [only] : outcomes };
  }
  const ways = outcomes.map(({ towards = '', verdict }) => `${verdict} at ${towards}`);
  return { verdict: 'unknown', why: `it depends on where ${name} leads: ${ways.join('; ')}`, outcomes };
}
