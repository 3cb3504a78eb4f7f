import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { MultiNetworkPolicy } from '../../api/types/layer2.ts';
import type { KubernetesObject } from '../../api/types/meta.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicySpec } from '../../api/types/network.ts';
import { networksAnnotation } from '../../model/attachments/selection.ts';
import type { Cluster } from '../../model/cluster.ts';
import { defaultNetworkConfig } from '../../model/network/config.ts';
import { labAddresses, labNodeName } from '../../model/network/lab-addresses.ts';
import { expandManifests } from '../../model/workloads/expand.ts';
import { indexOf } from '../cluster-index.ts';
import type { FlowEnd } from '../flow.ts';
import { machine, multiPolicy, network, weftKind } from './segment-objects.ts';

/*
 * Clusters with segments around them:
 *
 *     internet - router - default - node-1 - (Port3) - cameras 192.168.20.0/24 - gate - sensors 192.168.21.0/24 - sensor
 *                  |         |                         recorder .5, net1 of pods
 *         office 192.168.30.0/24   iot, behind one address of default
 *         desk, net2 of pods       runtime
 */

/** What differs between them. */
export interface Around {
  /** Who leads from cameras to sensors. */
  readonly gate?: {
    readonly forwards?: boolean;
    readonly masquerades?: boolean;
    readonly isGateway?: boolean;
  };
  readonly hasPort3?: boolean;
  readonly nodeRoutes?: readonly string[];
  /** Of the network of cameras. */
  readonly routes?: readonly { readonly dst: string; readonly gw: string }[];
  readonly policies?: readonly NetworkPolicySpec[];
  readonly multi?: readonly MultiNetworkPolicy[];
  readonly model?: 'calico' | 'flannel';
}

const pod = (name: string, node: number, networks: string, more: object = {}): KubernetesObject =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      labels: { app: name, further: `${networks !== ''}` },
      ...(networks !== '' && { annotations: { [networksAnnotation]: networks } }),
    },
    spec: {
      nodeName: labNodeName(node),
      containers: [{ name: 'c', ports: [{ containerPort: 80 }] }],
      ...more,
    },
  }) as KubernetesObject;

/** Segments, and machines on them. */
function surroundings({ gate = {}, hasPort3 = true, nodeRoutes = [] }: Around): KubernetesObject[] {
  const { forwards = true, masquerades = false, isGateway = false } = gate;
  const inner = { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.1'] };
  const outer = { name: 'eth1', segment: 'sensors', addresses: ['192.168.21.1'], masquerade: masquerades };
  const port3 = { name: 'Port3', segment: 'cameras', addresses: ['192.168.20.11'] };
  return [
    weftKind('Segment', 'cameras', {
      prefix: '192.168.20.0/24',
      ...(isGateway && { gateway: '192.168.20.1' }),
      pools: [{ name: 'pods', range: '192.168.20.50-192.168.20.59' }],
    }),
    weftKind('Segment', 'sensors', { prefix: '192.168.21.0/24', gateway: '192.168.21.1' }),
    weftKind('Segment', 'office', {
      prefix: '192.168.30.0/24',
      gateway: '192.168.30.1',
      dhcp: { range: '192.168.30.100-192.168.30.120' },
    }),
    weftKind('VirtualSwitch', 'iot', {
      type: 'internal',
      prefix: '10.77.0.0/24',
      dhcp: { range: '10.77.0.10-10.77.0.20' },
    }),
    machine('recorder', { name: 'eth0', segment: 'cameras', addresses: ['192.168.20.5'] }),
    machine('sensor', { name: 'eth0', segment: 'sensors', addresses: ['192.168.21.7'] }),
    machine('gate', ...[inner, outer].map((nic) => ({ ...nic, enableIPForwarding: forwards }))),
    machine('desk', { name: 'eth0', segment: 'office' }),
    machine('runtime', { name: 'eth0', virtualSwitch: 'iot' }),
    ...(hasPort3 ? [machine(labNodeName(0), port3)] : []),
    ...nodeRoutes.map((nextHop, index) =>
      weftKind('NodeRoute', `r${index}`, {
        interface: 'Port3',
        destination: '192.168.21.0/24',
        nextHop,
        metric: 100 + index,
      }),
    ),
  ];
}

export function clusterOf(around: Around): Cluster {
  const { routes = [], policies = [], multi = [], model = 'calico' } = around;
  return expandManifests(
    [
      ...surroundings(around),
      network('cameras', { type: 'weft', segment: 'cameras', ipam: { type: 'weft', pool: 'pods', routes } }),
      network('office', { type: 'weft', segment: 'office', ipam: { type: 'dhcp' } }),
      pod('plain', 0, ''),
      pod('far', 1, ''),
      pod('host', 1, '', { hostNetwork: true }),
      pod('viewer', 0, 'cameras'),
      pod('guarded', 1, 'cameras'),
      pod('both', 0, 'cameras,office'),
      pod('clerk', 1, 'office'),
      ...policies.map((spec, index): NetworkPolicy => ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: `p${index}`, namespace: 'default' },
        spec,
      })),
      ...multi,
    ],
    { nodes: 2, config: { ...defaultNetworkConfig, model } },
  );
}

export const pods = ['plain', 'far', 'host', 'viewer', 'guarded', 'both', 'clerk'].map(
  (name) => `default/${name}`,
);
export const machines = ['vm:recorder', 'vm:sensor', 'vm:gate', 'vm:desk', 'vm:runtime'];
export const interfaces = ['viewer@net1', 'guarded@net1', 'both@net1', 'both@net2', 'clerk@net1'].map(
  (name) => `default/${name}`,
);

/** An end as it is asked for, and how the path names who has it. */
export function asked(cluster: Cluster, name: string): { readonly end: FlowEnd; readonly at?: string } {
  const { segments } = indexOf(cluster);
  const bare = (text = ''): string => text.replace(/\/.*$/, '');
  if (name === 'internet') return { end: { kind: 'address', address: labAddresses.internet } };
  if (name.startsWith('vm:')) {
    const [nic] = segments?.machine(name)?.interfaces ?? [];
    return { end: { kind: 'address', address: bare(nic?.addresses[0]), machine: name }, at: name };
  }
  const [key = '', nic] = name.split('@');
  if (nic === undefined) return { end: { kind: 'pod', key } };
  const address = segments?.interfaces.get(`${key} ${nic}`)?.addresses[0] ?? assert.fail(name);
  return { end: { kind: 'address', address }, at: key };
}

const peer: fc.Arbitrary<NetworkPolicyPeer> = fc.oneof(
  fc.constantFrom('viewer', 'both', 'clerk', 'plain').map((app) => ({
    podSelector: { matchLabels: { app } },
  })),
  fc.constant({ podSelector: {} }),
  fc
    .constantFrom('192.168.20.5/32', '192.168.20.0/26', '192.168.0.0/16', '172.20.0.0/16', '0.0.0.0/0')
    .map((cidr) => ({ ipBlock: { cidr } })),
);
const rule = (side: 'from' | 'to'): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    {
      [side]: fc.array(peer, { minLength: 1, maxLength: 2 }),
      ports: fc.constantFrom([{ port: 80 }], [{ protocol: 'UDP' }], [{ port: 8000, endPort: 9000 }]),
    },
    { requiredKeys: [] },
  );
const policy: fc.Arbitrary<NetworkPolicySpec> = fc
  .record(
    {
      podSelector: fc.constantFrom(
        {},
        { matchLabels: { further: 'true' } },
        { matchLabels: { app: 'guarded' } },
      ),
      ingress: fc.array(rule('from'), { maxLength: 2 }),
      egress: fc.array(rule('to'), { maxLength: 2 }),
    },
    { requiredKeys: ['podSelector'] },
  )
  .map((spec) => ({
    ...(spec as NetworkPolicySpec),
    policyTypes: [...(spec.ingress ? ['Ingress' as const] : []), ...(spec.egress ? ['Egress' as const] : [])],
  }));
export const around: fc.Arbitrary<Around> = fc.record({
  gate: fc.record({ forwards: fc.boolean(), masquerades: fc.boolean(), isGateway: fc.boolean() }),
  hasPort3: fc.boolean(),
  nodeRoutes: fc.subarray(['192.168.20.1', '192.168.20.5', '192.168.20.50']),
  routes: fc.subarray([
    { dst: '192.168.21.0/24', gw: '192.168.20.1' },
    { dst: '192.168.30.0/24', gw: '192.168.20.11' },
    { dst: '172.20.0.0/16', gw: '192.168.20.11' },
  ]),
  policies: fc.array(policy, { maxLength: 2 }),
  multi: fc
    .array(fc.tuple(fc.constantFrom('cameras', 'office', 'cameras,office'), policy), { maxLength: 3 })
    .map((all) => all.map(([networks, spec], index) => multiPolicy(`m${index}`, networks, spec))),
  model: fc.constantFrom('calico' as const, 'flannel' as const),
});
