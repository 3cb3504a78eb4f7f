import { loadBalancerResources } from '../api/resources.ts';
import type { KubernetesObject } from '../api/types/meta.ts';
import {
  definition,
  integer,
  list,
  object,
  rule,
  selector,
  text,
  truth,
  words,
  type Column,
  type Schema,
} from './definition.ts';

const counter: Schema = { type: 'integer', format: 'int64' };
const asn = integer(0, 0xffff_ffff);
const milliseconds = integer(10, 60_000);
const scope = {
  ipAddressPools: list(text),
  ipAddressPoolSelectors: list(selector),
  serviceSelectors: list(selector),
  nodeSelectors: list(selector),
};
const column = (name: string, field: string, type = 'string'): Column => ({
  name,
  type,
  jsonPath: `.spec.${field}`,
});
const counters = ['assignedIPv4', 'assignedIPv6', 'availableIPv4', 'availableIPv6'];

/** Whom an announcement is by and of: it is another one where one of them is. */
const fixed: Schema = { ...text, ...rule('self == oldSelf', 'the value is immutable') };
const ends = { node: fixed, serviceName: fixed, serviceNamespace: fixed };
const endColumns = [
  { name: 'Node', type: 'string', jsonPath: '.status.node' },
  { name: 'Service Name', type: 'string', jsonPath: '.status.serviceName' },
  { name: 'Service Namespace', type: 'string', jsonPath: '.status.serviceNamespace' },
];

interface Kind {
  readonly spec: Schema;
  readonly isSpecRequired?: true;
  readonly status?: Schema;
  readonly columns?: readonly Column[];
  readonly alsoServed?: readonly string[];
}

const kinds: Readonly<Record<keyof typeof loadBalancerResources, Kind>> = {
  ipaddresspools: {
    spec: object(
      {
        addresses: { ...list(text), minItems: 1 },
        autoAssign: { ...truth, default: true },
        avoidBuggyIPs: { ...truth, default: false },
        serviceAllocation: object({
          priority: { type: 'integer' },
          namespaces: list(text),
          namespaceSelectors: list(selector),
          serviceSelectors: list(selector),
        }),
      },
      ['addresses'],
    ),
    isSpecRequired: true,
    status: object(Object.fromEntries(counters.map((name) => [name, counter])), counters),
    columns: [
      column('Auto Assign', 'autoAssign', 'boolean'),
      column('Avoid Buggy IPs', 'avoidBuggyIPs', 'boolean'),
      column('Addresses', 'addresses'),
    ],
  },
  l2advertisements: {
    spec: object({
      ...scope,
      interfaces: list(text),
      preferredNodeSelectors: list(
        object({ weight: integer(1, 100), preference: selector }, ['weight', 'preference']),
      ),
    }),
    columns: [column('IPAddressPools', 'ipAddressPools'), column('Interfaces', 'interfaces')],
  },
  bgpadvertisements: {
    spec: {
      ...object({
        ...scope,
        aggregationLength: { ...integer(1, 32), default: 32 },
        aggregationLengthV6: { ...integer(1, 128), default: 128 },
        localPref: { type: 'integer', format: 'int32' },
        communities: list(text),
        peers: list(text),
      }),
      ...rule(
        '!has(self.serviceSelectors) || self.serviceSelectors.size() == 0 || ' +
          '(self.aggregationLength == 32 && self.aggregationLengthV6 == 128)',
        'what is aggregated is of a whole pool: it cannot go with serviceSelectors',
      ),
    },
    columns: [column('IPAddressPools', 'ipAddressPools'), column('Peers', 'peers')],
  },
  bgppeers: {
    spec: object(
      {
        myASN: asn,
        peerASN: asn,
        dynamicASN: words('internal', 'external'),
        localASN: integer(1, 0xffff_ffff),
        peerAddress: text,
        peerPort: { ...integer(1, 16_384), default: 179 },
        interface: text,
        sourceAddress: text,
        routerID: text,
        holdTime: text,
        keepaliveTime: text,
        connectTime: text,
        ebgpMultiHop: truth,
        enableGracefulRestart: truth,
        password: text,
        passwordSecret: { ...object({ name: text, namespace: text }), 'x-kubernetes-map-type': 'atomic' },
        bfdProfile: text,
        vrf: text,
        disableMP: { ...truth, default: false },
        dualStackAddressFamily: { ...truth, default: false },
        nodeSelectors: list(selector),
      },
      ['myASN'],
    ),
    columns: [column('Address', 'peerAddress'), column('ASN', 'peerASN')],
    // Its fields are all among those of v1beta2.
    alsoServed: ['v1beta1'],
  },
  communities: { spec: object({ communities: list(object({ name: text, value: text })) }) },
  bfdprofiles: {
    spec: object({
      receiveInterval: milliseconds,
      transmitInterval: milliseconds,
      detectMultiplier: integer(2, 255),
      echoInterval: milliseconds,
      echoMode: truth,
      passiveMode: truth,
      minimumTtl: integer(1, 254),
    }),
  },
  servicel2statuses: {
    spec: object({}),
    status: object({ ...ends, interfaces: list(object({ name: text })) }),
    columns: endColumns,
  },
  servicebgpstatuses: {
    spec: object({}),
    status: object({ ...ends, peers: list(text) }),
    columns: endColumns,
  },
  loadbalanceraddresses: {
    spec: object({ address: text, pool: text, services: list(text) }, ['address', 'pool', 'services']),
    isSpecRequired: true,
    status: object({ conflict: object({ mac: text, node: text, time: text }) }),
    columns: [
      column('Address', 'address'),
      column('Pool', 'pool'),
      column('Services', 'services'),
      { name: 'Conflict', type: 'string', jsonPath: '.status.conflict.mac' },
    ],
  },
};

/**
 * The definitions by which a lab serves the kinds of metallb.io, without anybody applying upstream's, and Weft's own
 * record of who has which address.
 */
export function loadBalancerDefinitions(): KubernetesObject[] {
  return Object.entries(kinds).map(
    ([plural, { spec, isSpecRequired, status, columns = [], alsoServed = [] }]) =>
      definition(loadBalancerResources[plural as keyof typeof kinds], {
        schema: object({ spec, status: status ?? { type: 'object' } }, isSpecRequired ? ['spec'] : []),
        columns,
        alsoServed,
      }),
  );
}
