import { randomUUID } from 'node:crypto';
import type { Clock } from '../../lib/clock.ts';
import { isPathAttributes, type Attributes, type Decision } from '../access/port.ts';
import type { ApiRequest, ApiResponse } from '../http/messages.ts';
import type { User } from '../identity/user.ts';
import { userInfo } from '../reviews/user-info.ts';

/** Where audit events go: one line each. */
export interface AuditSink {
  write(line: string): void;
}

/** What became known of a request while it was served. */
export interface Known {
  sender?: User;
  attributes?: Attributes;
  decision?: Decision;
}

/** Writes one event (audit.k8s.io/v1, level Metadata) for each request, when its answer is decided. */
export interface Audit {
  /** Notes when a request came; the returned function writes its event, once. */
  begin(request: Audited): (known: Known, outcome: Outcome) => void;
}

type Audited = Pick<ApiRequest, 'method' | 'path' | 'query' | 'headers' | 'remoteAddress'>;

/** The status of the answer; for a failure with its reason. */
export interface Outcome {
  readonly code: number;
  readonly reason?: string;
  readonly isStream?: boolean;
}

export function outcomeOf(response: ApiResponse): Outcome {
  return { code: response.status, isStream: !('body' in response) };
}

export function createAudit({ sink, clock }: { sink: AuditSink; clock: Clock }): Audit {
  const now = (): string => new Date(clock.now()).toISOString().replace('Z', '000Z');
  return {
    begin(request) {
      const received = now();
      return (known, outcome) => {
        const event = eventOf(request, known, outcome);
        sink.write(
          `${JSON.stringify({ ...event, requestReceivedTimestamp: received, stageTimestamp: now() })}\n`,
        );
      };
    },
  };
}

/** Anything a client sends may be in a URL or header: it is written as data, and bounded. */
const longestText = 2048;

function eventOf(request: Audited, { sender, attributes, decision }: Known, outcome: Outcome): object {
  const query = request.query.toString();
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Metadata',
    auditID: randomUUID(),
    stage: outcome.isStream === true ? 'ResponseStarted' : 'ResponseComplete',
    requestURI: `${request.path}${query === '' ? '' : `?${query}`}`.slice(0, longestText),
    verb: attributes?.verb ?? request.method.toLowerCase(),
    ...usersOf(sender, attributes?.user),
    ...(request.remoteAddress !== undefined && { sourceIPs: [request.remoteAddress] }),
    userAgent: request.headers['user-agent']?.slice(0, longestText),
    ...objectRef(attributes),
    responseStatus: responseStatusOf(outcome),
    ...(decision !== undefined && { annotations: annotationsOf(decision) }),
  };
}

function usersOf(sender: User | undefined, user: User | undefined): object {
  if (sender === undefined) return { user: {} };
  const isAnother = user !== undefined && user !== sender;
  return { user: userInfo(sender), ...(isAnother && { impersonatedUser: userInfo(user) }) };
}

function responseStatusOf({ code, reason }: Outcome): object {
  return { metadata: {}, ...(reason !== undefined && { status: 'Failure', reason }), code };
}

function annotationsOf({ allowed, reason }: Decision): object {
  return {
    'authorization.k8s.io/decision': allowed ? 'allow' : 'forbid',
    'authorization.k8s.io/reason': reason,
  };
}

function objectRef(attributes: Attributes | undefined): object {
  if (attributes === undefined || isPathAttributes(attributes)) return {};
  const { resource, namespace, name, group, version, subresource } = attributes;
  const fields = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return { objectRef: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')) };
}
