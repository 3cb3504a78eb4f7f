import type { Resource } from '../../api/resources.ts';
import { bookmarkLine } from '../bookmark.ts';
import type { Representation } from '../representation-port.ts';
import type { Entry } from '../store/port.ts';
import { columnsOf } from './columns.ts';
import type { Column } from './column.ts';

export interface TableOptions {
  /** How much of the object comes with its row: `Object`, `None`, or its metadata. */
  readonly includeObject: string | null;
  readonly now: () => number;
}

const table = { kind: 'Table', apiVersion: 'meta.k8s.io/v1' };

/** meta/v1 Table: what `kubectl get` prints, with the cells made here. Only the first table of a watch names the columns. */
export function tableRepresentation(resource: Resource, options: TableOptions): Representation {
  const columns = columnsOf(resource);
  const definitions = columns.map(definitionOf);
  let told = false;
  const rows = (entries: readonly Entry[]): object[] =>
    entries.map((entry) => rowOf(entry, columns, options));
  const of = (entries: readonly Entry[], metadata: object): object => {
    const columnDefinitions = told ? null : definitions;
    told = true;
    return { ...table, metadata, columnDefinitions, rows: rows(entries) };
  };
  const versionOf = (entry: Entry): object => ({ resourceVersion: entry.object.metadata.resourceVersion });
  return {
    one: (entry) => JSON.stringify(of([entry], versionOf(entry))),
    list: (entries, metadata) => JSON.stringify(of(entries, metadata)),
    event: (type, entry) => `${JSON.stringify({ type, object: of([entry], versionOf(entry)) })}\n`,
    bookmark: (resourceVersion, annotations) => bookmarkLine(table, resourceVersion, annotations),
  };
}

function definitionOf({ name, type = 'string', format = '', description = '', ...column }: Column): object {
  const { wide = false, priority = wide ? 1 : 0 } = column;
  return { name, type, format, description, priority };
}

function rowOf(entry: Entry, columns: readonly Column[], { includeObject, now }: TableOptions): object {
  const cells = columns.map((column) => column.cell(entry.object, now));
  if (includeObject === 'None') return { cells };
  if (includeObject === 'Object') return { cells, object: entry.object };
  const metadata = {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: entry.object.metadata,
  };
  return { cells, object: metadata };
}
