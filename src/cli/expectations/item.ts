import { selectorKey } from '../../api/selector.ts';
import { validateObject } from '../../api/validate/validate.ts';
import { messageOf, type WeftError } from '../../lib/errors.ts';
import { formatEndpoint, parseDestination, type Destination } from '../endpoints/parse.ts';
import { stepsOf } from '../manifests/path.ts';
import { invalid, parseExpectation, parseExpected, type Expectation } from './expectation.ts';

/** A line of a file. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** The place of a field of the item, or of the item itself. */
type PlaceOf = (...steps: string[]) => Place;

const fields = ['from', 'to', 'port', 'protocol', 'expect', 'because'] as const;

/**
 * An expectation as an item of a list: a sentence, or `from`, `to`, `port`, `protocol`, `expect` and `because`. Ends are
 * endpoints as on the command line, or `{ namespace, podSelector }`. Throws `expectation-invalid` with file and line.
 */
export function parseItem(item: unknown, at: PlaceOf): Expectation {
  if (typeof item === 'string') return parseSentence(item, at);
  if (!isRecord(item)) throw wrong(at(), 'is no expectation');
  const other = Object.keys(item).find((key) => !fields.some((field) => field === key));
  if (other !== undefined) throw wrong(at(other), `${other} is not one of ${fields.join(', ')}`);
  const { expect = 'allowed', because } = item;
  if (typeof expect !== 'string') throw wrong(at('expect'), 'expect is to be a text');
  if (because !== undefined && typeof because !== 'string')
    throw wrong(at('because'), 'because is to be a text');
  const source = parseEnd(item['from'], 'from', at);
  const destination = withPort(parseEnd(item['to'], 'to', at), item, at);
  return {
    source,
    destination,
    expected: parseExpected(textOf(at('expect')), expect),
    place: undefined,
    ...(because === undefined ? {} : { because }),
  };
}

function parseSentence(item: string, at: PlaceOf): Expectation {
  try {
    return parseExpectation(item);
  } catch {
    throw wrong(at(), `${JSON.stringify(item)} is no expectation`);
  }
}

function parseEnd(end: unknown, field: 'from' | 'to', at: PlaceOf): string {
  if (typeof end === 'string') return end;
  const shape = `${field} is to be an endpoint, or namespace and podSelector`;
  if (!isRecord(end)) throw wrong(at(field), shape);
  const { namespace, podSelector, ...others } = end;
  if (typeof namespace !== 'string' || !isRecord(podSelector) || Object.keys(others).length > 0) {
    throw wrong(at(field), shape);
  }
  const [problem] = selectorProblems(podSelector);
  if (problem !== undefined) throw wrong(at(field, ...problem.steps), problem.message);
  return `pods:${namespace}/${selectorKey(podSelector)}`;
}

/** What is wrong with a selector, as a policy's would be refused. */
function selectorProblems(podSelector: unknown): { readonly steps: string[]; readonly message: string }[] {
  const metadata = { name: 'expectation', namespace: 'default' };
  const policy = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec: { podSelector },
  };
  return validateObject(policy).map(({ path, message }) => ({
    steps: stepsOf(path.replace(/^spec\./, '')),
    message: `${path.replace(/^spec\./, '')}: ${message}`,
  }));
}

const protocols: readonly string[] = ['TCP', 'UDP', 'SCTP', 'ICMP'];

/** The destination with its port behind it, wherever that was said. */
function withPort(to: string, { port, protocol }: Record<string, unknown>, at: PlaceOf): string {
  if (port === undefined && protocol === undefined) return to;
  const said = destinationOf(to, at);
  if (port !== undefined && said.port !== undefined)
    throw wrong(at('port'), 'the port is said twice: in to, and in port');
  const number = port === undefined ? said.port : parsePort(port, at);
  const asked = protocol === undefined ? undefined : parseProtocol(protocol, at);
  if (asked === 'ICMP' || said.protocol === 'other') return withoutPort(to, { said, asked, number }, at);
  if (number === undefined) throw wrong(at('protocol'), 'protocol needs a port beside it');
  return `${hostOf(said)}:${number}${suffixOf(asked ?? said.protocol)}`;
}

function hostOf({ endpoint }: Destination): string {
  const end = formatEndpoint(endpoint);
  return endpoint.kind === 'address' && end.includes(':') ? `[${end}]` : end;
}

const suffixOf = (protocol = 'TCP'): string => (protocol === 'TCP' ? '' : `/${protocol.toLowerCase()}`);

interface Pinged {
  readonly said: Destination;
  readonly asked: string | undefined;
  readonly number: number | string | undefined;
}

/** ICMP, said as the protocol or behind the destination. */
function withoutPort(to: string, { said, asked, number }: Pinged, at: PlaceOf): string {
  if (number !== undefined) throw wrong(at('protocol'), 'ICMP has no ports');
  if (asked !== undefined && asked !== 'ICMP') throw wrong(at('protocol'), 'to says another protocol');
  return said.protocol === 'other' ? to : `${to}/icmp`;
}

function parsePort(port: unknown, at: PlaceOf): number | string {
  const isNumber = typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535;
  if (isNumber || typeof port === 'string') return port;
  throw wrong(at('port'), 'port is to be a number from 1 to 65535, or a name');
}

function parseProtocol(protocol: unknown, at: PlaceOf): string {
  const found = protocols.find((one) => typeof protocol === 'string' && one === protocol.toUpperCase());
  if (found !== undefined) return found;
  throw wrong(at('protocol'), `protocol is to be one of ${protocols.join(', ')}`);
}

function destinationOf(to: string, at: PlaceOf): Destination {
  try {
    return parseDestination(to);
  } catch (error) {
    throw wrong(at('to'), messageOf(error));
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const textOf = ({ file, line }: Place): string => `${file}:${line}`;

function wrong(place: Place, what: string): WeftError {
  return invalid(textOf(place), what);
}
