import { parseAddress } from '../lib/address.ts';
import { WeftError } from '../lib/errors.ts';
import type { Listener, PodServing } from './port.ts';

/** More listeners than any pod has: it bounds what one call can make the server open. */
const mostListeners = 4096;
const longestName = 512;
const mostBackends = 64;

/** Checks a `PodServing` that came from another process. Throws `pod-serving-invalid`, naming the field. */
export function decodePodServing(value: unknown): PodServing {
  const fields = objectOf(value, 'the body');
  const { listeners, hasSeveralAddresses } = fields;
  if (!Array.isArray(listeners) || listeners.length > mostListeners) {
    throw invalid(`listeners is not a list of at most ${mostListeners}`);
  }
  return {
    uid: nameOf(fields, 'uid'),
    pod: nameOf(fields, 'pod'),
    node: nameOf(fields, 'node'),
    netns: nameOf(fields, 'netns'),
    listeners: listeners.map(decodeListener),
    ...(hasSeveralAddresses === true && { hasSeveralAddresses }),
  };
}

function decodeListener(value: unknown): Listener {
  const { protocol, port, forwardTo } = objectOf(value, 'a listener');
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP')
    throw invalid('protocol of a listener is none of TCP, UDP and SCTP');
  const listener: Listener = { protocol, port: portOf(port) };
  return forwardTo === undefined ? listener : { ...listener, forwardTo: decodeForwardTo(forwardTo) };
}

function decodeForwardTo(value: unknown): NonNullable<Listener['forwardTo']> {
  const { addresses, port } = objectOf(value, 'forwardTo');
  if (!Array.isArray(addresses) || addresses.length > mostBackends) {
    throw invalid(`addresses of forwardTo is not a list of at most ${mostBackends}`);
  }
  const isAddress = (one: unknown): one is string =>
    typeof one === 'string' && parseAddress(one) !== undefined;
  if (!addresses.every(isAddress)) throw invalid('an address of forwardTo is none');
  return { addresses, port: portOf(port) };
}

function portOf(port: unknown): number {
  if (typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65535) return port;
  throw invalid('port of a listener is not one of 1-65535');
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw invalid(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function nameOf(fields: Record<string, unknown>, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string' || value === '' || value.length > longestName) {
    throw invalid(`${field} is not a text of 1-${longestName} characters`);
  }
  return value;
}

const invalid = (message: string): WeftError =>
  new WeftError('pod-serving-invalid', message, { fault: 'input' });
