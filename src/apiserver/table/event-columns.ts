import { asCoreEvent } from '../../api/event-versions.ts';
import { numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import { ageOf, nameColumn, textColumn, wide, type Column } from './column.ts';

/** The columns of Events (printers `printEvent`). */
export const eventColumns: readonly Column[] = [
  { name: 'Last Seen', cell: (event, now) => ageOf(lastTime(event), now) },
  textColumn('Type', ['type'], ''),
  textColumn('Reason', ['reason'], ''),
  { name: 'Object', cell: objectText },
  wide({ name: 'Subobject', cell: (event) => textAt(event, ['involvedObject', 'fieldPath']) }),
  wide({ name: 'Source', cell: sourceText }),
  { name: 'Message', cell: (event) => textAt(event, ['message']).trim() },
  wide({ name: 'First Seen', cell: (event, now) => ageOf(firstTime(event), now) }),
  wide({ name: 'Count', cell: count }),
  wide(nameColumn),
];

/** The same columns for events.k8s.io/v1. */
export const newerEventColumns: readonly Column[] = eventColumns.map(({ cell, ...column }) => ({
  ...column,
  cell: (event, now) => cell(asCoreEvent(event), now),
}));

/** The first of the texts that is there. */
function eitherText(event: StoredObject, paths: readonly (readonly string[])[]): string {
  return paths.map((path) => textAt(event, path)).find((text) => text !== '') ?? '';
}

function firstTime(event: StoredObject): string {
  return eitherText(event, [['firstTimestamp'], ['eventTime']]);
}

function lastTime(event: StoredObject): string {
  const series = textAt(event, ['series', 'lastObservedTime']);
  return series || textAt(event, ['lastTimestamp']) || firstTime(event);
}

function objectText(event: StoredObject): string {
  const kind = textAt(event, ['involvedObject', 'kind']).toLowerCase();
  const name = textAt(event, ['involvedObject', 'name']);
  return name === '' ? kind : `${kind}/${name}`;
}

/** Who tells, and where. */
function sourceText(event: StoredObject): string {
  const component = eitherText(event, [['source', 'component'], ['reportingComponent']]);
  const host = eitherText(event, [['source', 'host'], ['reportingInstance']]);
  return [component, host].filter((text) => text !== '').join(', ');
}

function count(event: StoredObject): number {
  if (valueAt(event, ['series']) !== undefined) return numberAt(event, ['series', 'count']);
  return numberAt(event, ['count']) || 1;
}
