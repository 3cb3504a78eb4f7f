import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { isObject, textAt } from '../json.ts';

/** What people are told of a type and its fields; the text is the Kubernetes project's (Apache-2.0). */
export interface Descriptions {
  /** Name of the type in OpenAPI documents, such as `io.k8s.api.core.v1.Pod`. */
  nameOf(type: string): string;
  /** Of a field, or of the type where `field` is empty; empty when nothing is known. */
  describe(type: string, field: string): string;
}

const file = new URL('./descriptions.json.gz', import.meta.url);

/** Weft's own types, as the generated file has those of Kubernetes. */
const own: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ClusterNetwork: {
    '': 'ClusterNetwork configures the network of the cluster. There is one, named default.',
    spec: 'What the network is to be.',
  },
  ClusterNetworkSpec: {
    '': 'ClusterNetworkSpec is what the network of the cluster is to be.',
    model: 'How pods get addresses and reach each other. Cannot be changed.',
    dataplane: 'What executes Services and NetworkPolicy in the kernel.',
    podCIDR: 'Range of pod addresses; two, separated by a comma, for dual-stack. Cannot be changed.',
    serviceCIDR: 'Range of Service addresses; two, separated by a comma, for dual-stack. Cannot be changed.',
    maxPodsPerNode: 'How many pods a node takes.',
    establishedConnections: 'Whether a policy change cuts established connections that it denies.',
    externalIPs: 'Whether Services are reached by their externalIPs.',
    masqueradeAll: 'Whether nodes put their own address into everything that goes through a Service.',
    nodePortAddresses:
      'Ranges of the node addresses at which node ports answer; primary addresses where none.',
    localhostNodePorts: 'Whether TCP node ports answer at the loopback addresses of nodes as well.',
    upstreamResolvers: 'Servers that cluster DNS asks for names outside the cluster.',
    minimumDomainTTL:
      'Seconds for which an address that policies know by a domain name counts at least, whatever its TTL.',
    podSubnet: 'The subnet of pod addresses, SUBNET or NETWORK/SUBNET. Cannot be changed.',
    podIPAllocation:
      'Whether nodes have addresses of pods in batches or in static blocks. Cannot be changed.',
    cniMode: 'Whether pods of azure-cni hang on links of their own or on a bridge. Cannot be changed.',
  },
};

/** Fields that every object has, and that the generated file says nothing of. */
const ofEveryObject: Readonly<Record<string, string>> = {
  apiVersion: 'Group and version of the schema that this object is written in.',
  kind: 'What this object is, in the words of its schema.',
  metadata: "The object's name, labels and what else every object has.",
};

/** Unpacks the file, half a megabyte: only who asks for OpenAPI documents pays for it. */
export function readDescriptions(): Descriptions {
  const parsed: unknown = JSON.parse(gunzipSync(readFileSync(file)).toString());
  const known = isObject(parsed) ? { ...parsed, ...own } : own;
  return {
    nameOf: (type) => textAt(known, [type, '$']) || `dev.weft.v1alpha1.${type}`,
    describe: (type, field) => textAt(known, [type, field]) || (ofEveryObject[field] ?? ''),
  };
}
