import { WeftError } from '../../lib/errors.ts';
import { protocols } from '../policy/port-set.ts';
import type { FlowReport, ObservedFlow } from './observed-flow.ts';

const mostFlows = 100_000;

/** A report that came as JSON, as `weft flows -o json` writes it. Throws `flows-invalid`, with what is wrong where. */
export function parseFlowReport(value: unknown): FlowReport {
  if (!isObject(value) || !Array.isArray(value['flows'])) throw invalid('there is no list "flows"');
  const { since = null, flows, lost = 0 } = value;
  if (since !== null && !isTime(since)) throw invalid('"since" is no time');
  if (typeof lost !== 'number' || !Number.isSafeInteger(lost) || lost < 0)
    throw invalid('"lost" is no number');
  if (flows.length > mostFlows) throw invalid(`there are more than ${mostFlows} flows`);
  return { since, flows: flows.map(parseFlow), lost };
}

function parseFlow(value: unknown, index: number): ObservedFlow {
  const wrong = (what: string): WeftError => invalid(`flows[${index}]: ${what}`);
  if (!isObject(value)) throw wrong('is no object');
  const { source, destination, protocol, port, sent, received } = value;
  if (!isEnd(source)) throw wrong('"source" is no end');
  if (!isEnd(destination)) throw wrong('"destination" is no end');
  const known = protocols.find((one) => one === protocol);
  if (known === undefined) throw wrong(`"protocol" is none of ${protocols.join(', ')}`);
  if (!isPort(port)) throw wrong('"port" is none of 1 to 65535');
  if (typeof sent !== 'boolean' || typeof received !== 'boolean')
    throw wrong('"sent" and "received" are true or false');
  const times = timesOf(value);
  if (times === undefined) throw wrong('"first" and "last" are times');
  return { source, destination, protocol: known, port, sent, received, ...times };
}

function timesOf({ first, last }: Record<string, unknown>): Pick<ObservedFlow, 'first' | 'last'> | undefined {
  return isTime(first) && isTime(last) ? { first, last } : undefined;
}

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Who it is, and whether there is such an end, is looked up where it matters. */
function isEnd(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= 600;
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function invalid(what: string): WeftError {
  return new WeftError('flows-invalid', `the flows cannot be read: ${what}`, {
    fault: 'input',
    hint: 'give what weft flows -o json wrote',
  });
}
