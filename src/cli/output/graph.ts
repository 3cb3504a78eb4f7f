import type { Connection } from '../../analysis/reach/answer.ts';
import { becauseOf } from './connections.ts';

/** The connections as a graph for Graphviz (`dot`) or Mermaid. Names are data: they are quoted, never trusted. */
export function renderGraph(connections: readonly Connection[], format: 'dot' | 'mermaid'): string {
  return format === 'dot' ? renderDot(connections) : renderMermaid(connections);
}

function renderDot(connections: readonly Connection[]): string {
  const edges = connections.map((one) => {
    const because = becauseOf(one);
    const tooltip = because.length === 0 ? '' : `, tooltip=${dotText(because.join('; '))}`;
    const label = `label=${dotText(one.ports.join(', '))}`;
    return `  ${dotText(one.source)} -> ${dotText(one.destination)} [${label}${tooltip}];\n`;
  });
  return ['digraph reach {\n', '  rankdir=LR;\n', '  node [shape=box];\n', ...edges, '}\n'].join('');
}

function dotText(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function renderMermaid(connections: readonly Connection[]): string {
  const ids = new Map<string, string>();
  for (const { source, destination } of connections) {
    for (const name of [source, destination]) if (!ids.has(name)) ids.set(name, `n${ids.size + 1}`);
  }
  const nodes = [...ids].map(([name, id]) => `  ${id}[${mermaidText(name)}]\n`);
  const edges = connections.map((one) => {
    const label = [one.ports.join(', '), ...becauseOf(one)].map(mermaidEscape).join('<br/>');
    return `  ${ids.get(one.source)} -->|"${label}"| ${ids.get(one.destination)}\n`;
  });
  return ['flowchart LR\n', ...nodes, ...edges].join('');
}

/** In quotes, with Mermaid's own escapes for what would end them. */
function mermaidText(text: string): string {
  return `"${mermaidEscape(text)}"`;
}

function mermaidEscape(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll('"', '#quot;');
}
