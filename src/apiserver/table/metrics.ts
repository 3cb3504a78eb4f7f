import { arrayAt, numberAt, textAt, valueAt, type StoredObject } from '../json.ts';
import { scalarAt } from './column.ts';

const mostMetrics = 2;

/** What a HorizontalPodAutoscaler goes by: what is measured, of what it aims at (printers `formatHPAMetrics`). */
export function metricsText(autoscaler: StoredObject): string {
  const metrics = arrayAt(autoscaler, ['spec', 'metrics']);
  if (metrics.length === 0) return '<none>';
  const measured = arrayAt(autoscaler, ['status', 'currentMetrics']);
  const texts = metrics.map((metric, i) => metricText(metric, measured[i]));
  const shown = texts.slice(0, mostMetrics).join(', ');
  return texts.length > mostMetrics ? `${shown} + ${texts.length - mostMetrics} more...` : shown;
}

/** Where a metric's own fields are, by its type. */
const sources: Readonly<Record<string, string>> = {
  External: 'external',
  Pods: 'pods',
  Object: 'object',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

function metricText(metric: unknown, measured: unknown): string {
  const type = textAt(metric, ['type']);
  const source = Object.hasOwn(sources, type) ? (sources[type] ?? '') : '';
  if (source === '') return '<unknown type>';
  const target = valueAt(metric, [source, 'target']);
  const current = valueAt(measured, [source, 'current']);
  const isResource = source === 'resource' || source === 'containerResource';
  const average = scalarAt(target, ['averageValue'], '');
  const name = isResource ? `${textAt(metric, [source, 'name'])}: ` : '';
  if (average !== '') {
    const isMarked = source === 'external' || source === 'object';
    return `${name}${amount(current, 'averageValue')}/${average}${isMarked ? ' (avg)' : ''}`;
  }
  if (!isResource) return `${amount(current, 'value')}/${amount(target, 'value')}`;
  return `${name}${share(current, '<unknown>')}/${share(target, '<auto>')}`;
}

function amount(value: unknown, field: string): string {
  return scalarAt(value, [field], '<unknown>');
}

function share(value: unknown, absent: string): string {
  if (valueAt(value, ['averageUtilization']) === undefined) return absent;
  return `${numberAt(value, ['averageUtilization'])}%`;
}
