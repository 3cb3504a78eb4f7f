import type { Case, Step } from '../ask.ts';

const regarding = { apiVersion: 'v1', kind: 'Pod', namespace: 'compared', name: 'p' };

const newer = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  regarding,
  related: { kind: 'Node', name: 'n' },
  reason: 'Started',
  note: 'It runs.',
  action: 'Starting',
  reportingController: 'example.com/runner',
  reportingInstance: 'runner-1',
  eventTime: '2026-01-01T00:00:00.123456Z',
  type: 'Normal',
};

const older = {
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  regarding,
  reason: 'Started',
  note: 'It runs.',
  deprecatedSource: { component: 'kubelet', host: 'n' },
  deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
  deprecatedLastTimestamp: '2026-01-01T00:01:00Z',
  deprecatedCount: 3,
  type: 'Normal',
};

const series = { count: 2, lastObservedTime: '2026-01-01T00:02:00.500000Z' };

function event(name: string, own: object, ...patches: unknown[]): Case {
  return {
    name,
    resource: 'events.k8s.io/v1 events',
    object: { ...newer, ...own },
    changes: patches.map((patch): Step => ({ patch })),
  };
}

const long = 'x'.repeat(129);

/** Events in the version that recorders of today write. */
export const eventCases: readonly Case[] = [
  event('an event', {}),
  event('an event that goes on', { series }, { series: { ...series, count: 5 } }, { series: { count: 1 } }),
  event('an event that begins to go on', {}, { series }, { series: null }),
  event('an event of another namespace', { regarding: { ...regarding, namespace: 'other' } }),
  event('an event of no namespace', { regarding: { kind: 'Node', name: 'n' } }),
  event('an event of nothing', { regarding: undefined }),
  event('an event without time', { eventTime: undefined }),
  event('an event of no reporter', { reportingController: '', reportingInstance: '' }),
  event('an event of a reporter that is none', { reportingController: 'a b' }),
  event('an event without action', { action: '' }),
  event('an event without reason', { reason: '' }),
  event('an event of a type that is none', { type: 'Foo' }),
  event('an event without type', { type: undefined }),
  event('an event with a long note', { note: 'x'.repeat(1025) }),
  event('an event with long words', { reason: long, action: long, reportingInstance: long }),
  event('a series of one', { series: { ...series, count: 1 } }),
  event('a series without count', { series: { lastObservedTime: series.lastObservedTime } }),
  event('a series without time', { series: { count: 2 } }),
  event('an event with a count', { deprecatedCount: 3 }),
  event('an event with a source', { deprecatedSource: { component: 'x' } }),
  event('an event with old times', {
    deprecatedFirstTimestamp: '2026-01-01T00:00:00Z',
    deprecatedLastTimestamp: '2026-01-01T00:00:00Z',
  }),
  { ...event('an event as older recorders write it', {}), object: older },
  event('an event that is about something else', {}, { regarding: { name: 'q' } }),
  event('an event that says something else', {}, { note: 'It ran.' }, { type: 'Warning' }),
  event('an event that is done by others', {}, { action: 'Ending' }, { reportingController: 'q' }),
  event('an event at another time', {}, { eventTime: '2026-01-01T00:00:01.123456Z' }),
  event('an event with labels later', {}, { metadata: { labels: { a: 'b' } } }),
];
