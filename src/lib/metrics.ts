/** A number that somebody may read at any time. Names and units are as Prometheus asks for: base units, in the name. */
export type Metric = {
  readonly name: string;
  /** What it means, in one line. */
  readonly help: string;
} & (
  | { readonly type: 'gauge' | 'counter'; readonly value: number }
  | { readonly type: 'histogram'; readonly value: Histogram }
);

/** Observations by size; each bucket counts those up to its bound, and so those of smaller bounds as well. */
export interface Histogram {
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  /** Of all observations, also those beyond the last bound. */
  readonly count: number;
  readonly sum: number;
}

/** Media type of the text below. */
export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';

/** The text exposition format of Prometheus, version 0.0.4. */
export function metricsText(metrics: readonly Metric[]): string {
  return metrics.map((metric) => `${headOf(metric)}${samplesOf(metric)}`).join('');
}

function headOf({ name, help, type }: Metric): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function samplesOf(metric: Metric): string {
  const { name } = metric;
  if (metric.type !== 'histogram') return `${name} ${metric.value}\n`;
  const { buckets, count, sum } = metric.value;
  const lines = buckets.map(({ le, count: upTo }) => `${name}_bucket{le="${le}"} ${upTo}`);
  lines.push(`${name}_bucket{le="+Inf"} ${count}`, `${name}_sum ${sum}`, `${name}_count ${count}`);
  return lines.map((line) => `${line}\n`).join('');
}
