import { proveSuggestion, type SuggestionProof } from '../../analysis/suggest/proof.ts';
import { suggest as suggestFor, type Suggestion } from '../../analysis/suggest/suggest.ts';
import { WeftError } from '../../lib/errors.ts';
import type { FlowReport } from '../../model/flows/observed-flow.ts';
import { parseFlowReport } from '../../model/flows/parse-report.ts';
import type { CliEnvironment, ClusterAddress, ExitCode } from '../environment.ts';
import { readManifestFiles } from '../manifests/files.ts';
import { createNodeManifestIo } from '../manifests/node-io.ts';
import { requireFormat, toJson } from '../output/format.ts';
import { renderProvenSuggestion, renderSuggestion } from '../output/suggestion.ts';
import { settle } from '../partial.ts';
import { openWorld } from '../world.ts';
import { requireRecorded, tellLost } from './flows.ts';

export interface SuggestOptions extends Partial<ClusterAddress> {
  readonly file: readonly string[];
  readonly name: string;
  /** A file of flows; what the lab records where it is absent. */
  readonly flows?: string;
  readonly namespace: readonly string[];
  readonly output: string;
}

/**
 * `weft suggest`: policies of least privilege by what was seen, and on stderr what the model says of them. Exit 1 where
 * what was seen would be denied.
 */
export async function suggest(env: CliEnvironment, options: SuggestOptions): Promise<ExitCode> {
  const format = requireFormat(options.output, ['yaml', 'json']);
  const report = await readReport(env, options);
  const world = await openWorld(env, options);
  const suggestion = suggestFor(world.cluster, report.flows, {
    isAsked: (namespace) =>
      options.namespace.length === 0 ? !isOfCluster(namespace) : options.namespace.includes(namespace),
  });
  if (suggestion.flows.length === 0) throw nothingSeen();
  const proof = proveSuggestion(world.cluster, suggestion);
  env.out(format === 'json' ? toJson(jsonOf(suggestion, proof)) : await renderSuggestion(suggestion));
  env.err(renderProvenSuggestion(suggestion, proof));
  tellLost(env, report);
  return settle(env, world, proof.broken.length === 0 ? 0 : 1);
}

/** Namespaces of the cluster itself: what its own pods take is not seen in an hour. */
const isOfCluster = (namespace: string): boolean => namespace.startsWith('kube-');

async function readReport(env: CliEnvironment, { flows, name }: SuggestOptions): Promise<FlowReport> {
  if (flows !== undefined) {
    const [file] = await readManifestFiles([flows], createNodeManifestIo({ stdin: () => process.stdin }));
    return parseFlowReport(jsonIn(file?.text ?? ''));
  }
  const lab = await env.connect(name);
  try {
    return requireRecorded(await lab.flows(), name);
  } finally {
    await lab.close();
  }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new WeftError('flows-invalid', 'the flows cannot be read: this is no JSON', {
      fault: 'input',
      hint: 'give what weft flows -o json wrote',
      cause,
    });
  }
}

function nothingSeen(): WeftError {
  return new WeftError('flows-none', 'nothing was seen of these pods', {
    fault: 'input',
    hint: 'use the application while flows are recorded, with everything that it does now and then',
  });
}

function jsonOf({ policies, notes }: Suggestion, proof: SuggestionProof): object {
  return { policies: policies.map(({ policy }) => policy), notes, proof };
}
