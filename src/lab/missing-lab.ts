import { WeftError } from '../lib/errors.ts';

/** `lab-missing`, naming the labs that there are. */
export function missingLab(name: string, others: readonly string[]): WeftError {
  return new WeftError('lab-missing', `there is no lab "${name}"`, {
    fault: 'input',
    hint: others.length > 0 ? `labs there are: ${others.join(', ')}` : 'start one with: weft up -f MANIFESTS',
  });
}

/** `lab-ended`: its files are there, and none of its processes. */
export function endedLab(name: string): WeftError {
  return new WeftError('lab-ended', `lab "${name}" does not run: a crash or a reboot left its files`, {
    fault: 'input',
    hint: `start it anew with: weft up --name ${name}, or take it away with: weft down --name ${name}`,
  });
}
