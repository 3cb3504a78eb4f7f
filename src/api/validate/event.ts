import { sameJson } from '../../lib/same-json.ts';
import { asCoreEvent } from '../event-versions.ts';
import type { KubernetesObject } from '../types/meta.ts';
import { checkSyntax } from './checks.ts';
import { qualifiedName } from './names.ts';
import { invalid, required, type FieldProblem } from './problem.ts';

/** core/v1 Event, as far as its rules read it. */
interface Event extends KubernetesObject {
  involvedObject?: { namespace?: string };
  reportingComponent?: string;
  reportingInstance?: string;
  eventTime?: string;
  action?: string;
  reason?: string;
  message?: string;
  series?: { count?: number; lastObservedTime?: string };
  type?: string;
  source?: { component?: string; host?: string };
  firstTimestamp?: string;
  lastTimestamp?: string;
  count?: number;
}

const longestNote = 1024;
const longestWord = 128;

/** Rules for Events (core validation `legacyValidateEvent`): those of newer recorders have an `eventTime`. */
export function eventProblems(
  object: KubernetesObject,
  reporter: 'reportingComponent' | 'reportingController' = 'reportingComponent',
): FieldProblem[] {
  // The schema says that this object is an Event.
  const event = object as Event;
  const { eventTime, metadata, involvedObject } = event;
  const [own = '', theirs = ''] = [metadata.namespace, involvedObject?.namespace];
  const isNew = eventTime !== undefined && eventTime !== '';
  const free = isNew ? ['default', 'kube-system'] : ['', 'default'];
  const fits = theirs === '' ? free.includes(own) : isNew || theirs === own;
  const problems = fits
    ? []
    : [invalid('involvedObject.namespace', theirs, 'does not match event.namespace')];
  return isNew ? [...problems, ...reporterProblems(event, reporter)] : problems;
}

function reporterProblems(event: Event, reporter: string): FieldProblem[] {
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event;
  const problems = checkSyntax(reporter, reportingComponent, qualifiedName);
  if (reportingComponent === '') problems.push(required(reporter));
  const words = { reportingInstance, action, reason };
  for (const [field, word] of Object.entries(words)) {
    if (word === '') problems.push(required(field));
    if (word.length > longestWord)
      problems.push(invalid(field, '', `can have at most ${longestWord} characters`));
  }
  if (message.length > longestNote)
    problems.push(invalid('message', '', `can have at most ${longestNote} characters`));
  return problems;
}

/** Rules for Events of events.k8s.io/v1. Its problems name the fields of core/v1, as upstream's do. */
export function newerEventProblems(object: KubernetesObject): FieldProblem[] {
  return eventProblems(asCoreEvent(object), 'reportingController');
}

/** What only new Events of events.k8s.io/v1 must keep to (core validation `ValidateEventCreate`). */
export function newNewerEventProblems(object: KubernetesObject): FieldProblem[] {
  const event: Event = asCoreEvent(object);
  const { eventTime = '', type = '' } = event;
  const problems = seriesProblems(event);
  if (eventTime === '') problems.push(required('eventTime'));
  if (type !== 'Normal' && type !== 'Warning')
    problems.push(invalid('type', '', `has invalid value: ${type}`));
  return [...problems, ...olderFields(event).map((field) => invalid(field, '', 'needs to be unset'))];
}

/** The fields with a value that only recorders of core/v1 write. */
function olderFields({ source, ...event }: Event): string[] {
  const fields = (['firstTimestamp', 'lastTimestamp', 'count'] as const).filter((field) => event[field]);
  return source?.component || source?.host ? [...fields, 'source'] : fields;
}

function seriesProblems({ series }: Event): FieldProblem[] {
  if (series === undefined) return [];
  const problems: FieldProblem[] = [];
  if ((series.count ?? 0) < 2) problems.push(invalid('series.count', '', 'should be at least 2'));
  if ((series.lastObservedTime ?? '') === '') problems.push(required('series.lastObservedTime'));
  return problems;
}

/** By their names in core/v1; all but the reporter's are called so in messages too. */
const lasting = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingComponent',
  'reportingInstance',
] as const;

/** Only the series of an Event of events.k8s.io/v1 goes on (core validation `ValidateEventUpdate`). */
export function newerEventUpdateProblems(
  object: KubernetesObject,
  previous: KubernetesObject,
): FieldProblem[] {
  const [now, before] = [object, previous].map((one) => asCoreEvent(one) as Record<string, unknown> & Event);
  if (now === undefined || before === undefined) return [];
  const problems = sameJson(now.series, before.series) ? [] : seriesProblems(now);
  for (const field of lasting) {
    if (sameJson(now[field], before[field])) continue;
    const path = field === 'reportingComponent' ? 'reportingController' : field;
    problems.push(invalid(path, now[field] ?? null, 'field is immutable'));
  }
  return problems;
}
