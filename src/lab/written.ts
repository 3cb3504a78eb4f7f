import type { KubernetesObject } from '../api/types/meta.ts';
import type { FieldProblem } from '../api/validate/problem.ts';

/** An object of a manifest, and where its fields are. */
export interface Written {
  readonly object: KubernetesObject;
  readonly source: { readonly file: string; readonly line: number };
  lineOf(path: string): number;
}

/** A line for a problem of an object: where it is written, and what it is. */
export function placed(one: Written): (problem: FieldProblem) => string {
  const { kind, metadata } = one.object;
  return ({ path, message }) =>
    `${one.source.file}:${one.lineOf(path)}: ${kind} ${metadata.name}: ${path}: ${message}`;
}
