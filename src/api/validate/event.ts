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
}

const longestNote = 1024;
const longestWord = 128;

/** Rules for Events (core validation `legacyValidateEvent`): those of newer recorders have an `eventTime`. */
export function eventProblems(object: KubernetesObject): FieldProblem[] {
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
  return isNew ? [...problems, ...reporterProblems(event)] : problems;
}

function reporterProblems(event: Event): FieldProblem[] {
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event;
  const problems = checkSyntax('reportingComponent', reportingComponent, qualifiedName);
  if (reportingComponent === '') problems.push(required('reportingComponent'));
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
