import { ageColumn, ageOf, nameColumn, wide, type Column } from '../table/column.ts';
import type { StoredObject } from '../json.ts';
import type { DefinitionVersion, PrinterColumn } from './definition.ts';
import { findByPath, parseJsonPath, type JsonPath } from './json-path.ts';

/** The columns that `kubectl get` shows of a version: its own, or the age where it names none. */
export function columnsOfVersion({ additionalPrinterColumns = [] }: DefinitionVersion): readonly Column[] {
  if (additionalPrinterColumns.length === 0) return [nameColumn, ageColumn];
  return [nameColumn, ...additionalPrinterColumns.map(columnOf)];
}

function columnOf({ name, type, format, description, priority = 0, jsonPath }: PrinterColumn): Column {
  const path = parseJsonPath(jsonPath) ?? [];
  const column: Column = {
    name,
    type,
    ...(format !== undefined && { format }),
    description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    cell: (object, now) => cellOf(object, { path, type, now }),
  };
  return priority > 0 ? { ...wide(column), priority } : column;
}

interface Cell {
  readonly path: JsonPath;
  readonly type: string;
  readonly now: () => number;
}

/** What is not of the column's type is no cell; a path to several values shows the first. */
function cellOf(object: StoredObject, { path, type, now }: Cell): string | number | boolean | null {
  const [value] = findByPath(object, path);
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null;
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

function dateCell(time: string, now: () => number): string {
  return Number.isNaN(Date.parse(time)) ? '<invalid>' : ageOf(time, now);
}
