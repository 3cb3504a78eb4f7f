import { WeftError } from '../lib/errors.ts';

/** `lab-missing`, naming the labs that there are. */
export function missingLab(name: string, others: readonly string[]): WeftError {
  return new WeftError('lab-missing', `there is no lab "${name}"`, {
    fault: 'input',
    hint: others.length > 0 ? `labs there are: ${others.join(', ')}` : 'start one with: weft up -f MANIFESTS',
  });
}
