import type { Pod, Service } from '../../api/types/core.ts';
import { WeftError } from '../../lib/errors.ts';
import { lastingContainers } from '../../model/identity/pod-facts.ts';
import type { PortProtocol } from '../../model/policy/port-set.ts';

/** The port that was asked for, and at whom. */
export interface PortQuestion {
  /** The endpoint as it was written, for errors. */
  readonly asked: string;
  readonly port: number | string | undefined;
  /** `other` has no port. */
  readonly protocol: PortProtocol | undefined;
}

/** How people and programs are told of a protocol. */
export const protocolName = (protocol: PortProtocol): string => (protocol === 'other' ? 'ICMP' : protocol);

/** A port that a Service or a pod declares. */
interface NamedPort {
  /** Empty where it has none. */
  readonly name: string;
  readonly protocol: PortProtocol;
  readonly port: number;
}

/**
 * The port of a Service: by number, which need not be one of its own; by name; or its only one where none is said.
 * Throws `port-unknown` with the choices.
 */
export function servicePort({ spec }: Service, question: PortQuestion): NamedPort {
  const declared = (spec.ports ?? []).map(({ name = '', protocol = 'TCP', port }) => ({
    name,
    protocol,
    port,
  }));
  const found = declared.filter((one) => isMeant(one, question));
  const [only] = found;
  if (only !== undefined && (question.port !== undefined || found.length === 1)) return only;
  return byNumber(question, declared);
}

/** The port of a pod, by number or by the name that a container gives it. Throws `port-unknown`. */
export function podPort(pod: Pod, question: PortQuestion): NamedPort {
  const declared = lastingContainers(pod)
    .flatMap(({ ports }) => ports ?? [])
    .map(({ name = '', protocol = 'TCP', containerPort }) => ({ name, protocol, port: containerPort }));
  const named = declared.find((one) => one.name === question.port && isMeant(one, question));
  return named ?? byNumber(question, declared);
}

function isMeant(one: NamedPort, { port, protocol }: PortQuestion): boolean {
  // A number without a protocol is TCP, whatever else the Service has under this number.
  const wanted = typeof port === 'number' ? (protocol ?? 'TCP') : protocol;
  if (wanted !== undefined && one.protocol !== wanted) return false;
  return port === undefined || port === (typeof port === 'number' ? one.port : one.name);
}

/** A number is taken as it is. Throws `port-unknown` for anything else, with the choices there are. */
export function byNumber(
  { asked, port, protocol = 'TCP' }: PortQuestion,
  declared: readonly NamedPort[],
): NamedPort {
  if (protocol === 'other') return { name: '', protocol, port: 0 };
  if (typeof port === 'number') return { name: '', protocol, port };
  const choices = declared.map(
    (one) =>
      `:${one.port}${one.protocol === 'TCP' ? '' : `/${one.protocol.toLowerCase()}`}${one.name === '' ? '' : ` (${one.name})`}`,
  );
  const what = port === undefined ? 'which port?' : `has no port called ${port}`;
  throw new WeftError('port-unknown', `${asked}: ${what}`, {
    fault: 'input',
    hint: choices.length === 0 ? `add a number, as in ${asked}:80` : `its ports are ${choices.join(', ')}`,
  });
}
