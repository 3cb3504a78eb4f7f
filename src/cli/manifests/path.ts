/** `spec.ports[0].port` as its steps; `metadata.labels[app.kubernetes.io/name]` has three. */
export function stepsOf(path: string): string[] {
  return Array.from(path.matchAll(/\[([^\]]*)\]|[^.[\]]+/g), ([step, inBrackets]) => inBrackets ?? step);
}
