import { formatAddress, parseAddress } from '../../lib/address.ts';
import { WeftError } from '../../lib/errors.ts';
import { parseLabelSelector } from '../../api/selector.ts';
import type { Protocol } from '../../api/types/meta.ts';
import type { PortProtocol } from '../../model/policy/port-set.ts';
import { workloadKindOf } from './kinds.ts';

/** What people call one end of a connection, before anybody has looked whether it exists. */
export type Endpoint =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  | {
      readonly kind: 'workload';
      readonly workload: string;
      readonly namespace: string;
      readonly name: string;
    }
  /** The pods of a namespace that a label selector selects. */
  | { readonly kind: 'pods'; readonly namespace: string; readonly selector: string }
  | { readonly kind: 'node'; readonly name: string }
  /** A machine of the fabric, by `vm:NAME` or `site:NAME`. */
  | { readonly kind: 'machine'; readonly key: string }
  | { readonly kind: 'address'; readonly address: string }
  /** Whoever a domain name outside the cluster leads to, by `dns:NAME`; destinations only. */
  | { readonly kind: 'domain'; readonly name: string }
  | { readonly kind: 'internet' };

/** An endpoint with the port that is asked for, as far as it was said. */
export interface Destination {
  readonly endpoint: Endpoint;
  /** A number, or the name that a Service or a container gives it. */
  readonly port: number | string | undefined;
  /** `other` is ICMP, which has no ports. */
  readonly protocol: PortProtocol | undefined;
}

/** Throws `endpoint-invalid`, of fault `input`. */
export function parseSource(text: string): Endpoint {
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) return endpoint;
  const { endpoint: withoutPort, port } = parseDestination(text);
  if (port === undefined) throw invalid(text);
  throw invalid(text, `a source has no port; leave it out: ${formatEndpoint(withoutPort)}`);
}

/** `ENDPOINT[:PORT[/PROTOCOL]]`, or `ENDPOINT/icmp`. Throws like `parseSource`. */
export function parseDestination(text: string): Destination {
  // An IPv6 address without brackets is full of colons, and no port can follow it.
  const pinged = withoutPorts(text);
  if (pinged !== undefined) return { endpoint: pinged, port: undefined, protocol: 'other' };
  const whole = parseEndpoint(text);
  if (whole !== undefined) return { endpoint: whole, port: undefined, protocol: undefined };
  const [, name = '', portText = '', protocolText] = /^(.+):([^:/]+)(?:\/([a-z]+))?$/i.exec(text) ?? [];
  const endpoint = name === '' ? undefined : parseEndpoint(name);
  if (endpoint === undefined) throw invalid(text);
  return { endpoint, port: parsePort(text, portText), protocol: parseProtocol(text, protocolText) };
}

/** Whom `/icmp` is behind; not where that is itself the name of a pod or of a workload. */
function withoutPorts(text: string): Endpoint | undefined {
  const [, name = ''] = /^(.+)\/icmp$/i.exec(text) ?? [];
  const [, kind, more] = name.split('/');
  const isName = kind !== undefined && more === undefined && workloadKindOf(kind) !== undefined;
  return name === '' || isName ? undefined : parseEndpoint(name);
}

function parsePort(text: string, port: string): number | string {
  if (/^\d+$/.test(port)) {
    const number = Number(port);
    if (number < 1 || number > 65535) throw invalid(text, `${port} is not a port: they go from 1 to 65535`);
    return number;
  }
  // IANA_SVC_NAME, and what container ports may be called: at most 15 of these.
  if (/^[a-z0-9-]{1,63}$/i.test(port)) return port;
  throw invalid(text, `${JSON.stringify(port)} is neither a port number nor a port's name`);
}

const protocols: Readonly<Record<string, Protocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP' };

function parseProtocol(text: string, word: string | undefined): Protocol | undefined {
  if (word === undefined) return undefined;
  const protocol = protocols[word.toLowerCase()];
  if (protocol === undefined) throw invalid(text, `${word} is not one of tcp, udp, sctp`);
  return protocol;
}

function parseEndpoint(text: string): Endpoint | undefined {
  if (text === 'internet') return { kind: 'internet' };
  const [, inNamespace, selector] = /^pods:([^/]*)\/(.*)$/.exec(text) ?? [];
  if (inNamespace !== undefined && selector !== undefined) return parsePods(inNamespace, selector);
  const [, prefix, rest = ''] = /^(pod|svc|service|node|vm|site|dns):(.*)$/i.exec(text) ?? [];
  if (prefix !== undefined) return parsePrefixed(prefix.toLowerCase(), rest);
  const address = parseAddress(/^\[(.*)\]$/.exec(text)?.[1] ?? text);
  if (address !== undefined) return { kind: 'address', address: formatAddress(address) };
  return parseParts(text);
}

/** `pods:NAMESPACE/SELECTOR`, the selector in the API's string form; empty for all of them. */
function parsePods(namespace: string, selector: string): Endpoint | undefined {
  if (!isName(namespace)) return undefined;
  try {
    parseLabelSelector(selector);
    return { kind: 'pods', namespace, selector };
  } catch {
    return undefined;
  }
}

/** A name with a dot at least: others are names of the cluster's own search domains. */
function parseDomain(text: string): Endpoint | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  return name.includes('.') && isName(name) ? { kind: 'domain', name } : undefined;
}

function parsePrefixed(prefix: string, rest: string): Endpoint | undefined {
  if (prefix === 'dns') return parseDomain(rest);
  if (prefix !== 'pod' && prefix !== 'svc' && prefix !== 'service') return parseMachine(prefix, rest);
  const [namespace = '', name = '', ...more] = rest.split('/');
  if (more.length > 0 || !isName(namespace) || !isName(name)) return undefined;
  return { kind: prefix === 'pod' ? 'pod' : 'service', namespace, name };
}

function parseMachine(prefix: string, name: string): Endpoint | undefined {
  if (!isName(name)) return undefined;
  return prefix === 'node' ? { kind: 'node', name } : { kind: 'machine', key: `${prefix}:${name}` };
}

/** `NAMESPACE/POD` or `NAMESPACE/KIND/NAME` */
function parseParts(text: string): Endpoint | undefined {
  const parts = text.split('/');
  if (!parts.every(isName)) return undefined;
  const [namespace = '', second = '', third] = parts;
  if (parts.length === 2) return { kind: 'pod', namespace, name: second };
  if (parts.length !== 3 || third === undefined) return undefined;
  const kind = workloadKindOf(second);
  if (kind === undefined) throw invalid(text, `${second} is no kind of workload`);
  if (kind === 'Pod') return { kind: 'pod', namespace, name: third };
  if (kind === 'Service') return { kind: 'service', namespace, name: third };
  return { kind: 'workload', workload: kind, namespace, name: third };
}

/** Names of objects, loosely: whoever looks them up says which exist. */
function isName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i.test(text);
}

/** The endpoint as people write it. */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === 'address') return endpoint.address;
  if (endpoint.kind === 'internet') return endpoint.kind;
  if (endpoint.kind === 'domain') return `dns:${endpoint.name}`;
  if (endpoint.kind === 'machine') return endpoint.key;
  if (endpoint.kind === 'node') return `node:${endpoint.name}`;
  if (endpoint.kind === 'pods') return `pods:${endpoint.namespace}/${endpoint.selector}`;
  const { namespace, name } = endpoint;
  if (endpoint.kind === 'workload') return `${namespace}/${endpoint.workload}/${name}`;
  return endpoint.kind === 'service' ? `svc:${namespace}/${name}` : `${namespace}/${name}`;
}

function invalid(text: string, why?: string): WeftError {
  return new WeftError('endpoint-invalid', `${text}: ${why ?? 'is no endpoint'}`, {
    fault: 'input',
    hint: 'endpoints are NAMESPACE/POD, NAMESPACE/KIND/NAME, pods:NAMESPACE/SELECTOR, svc:NAMESPACE/NAME, node:NAME, vm:NAME, site:NAME, dns:NAME, internet or an IP address; destinations add :PORT and /udp or /sctp, or /icmp alone',
  });
}
