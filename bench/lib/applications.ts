import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from './weft.ts';

/** Manifests that figures are measured with. */
export interface Application {
  /** Appended to the names of figures. */
  readonly suffix: string;
  readonly path: string;
}

/** Ours: twelve workloads, twelve Services, thirteen policies. */
export const bikeHire: Application = { suffix: '', path: join(checkout, 'bench', 'manifests') };

/** A public application of the same size, measured as well where its manifests lie beside the checkout. */
const boutique: Application = {
  suffix: '-boutique',
  path: join(checkout, '..', 'shared', 'manifests', 'online-boutique'),
};

export const applications: readonly Application[] = [bikeHire, boutique].filter(({ path }) =>
  existsSync(path),
);
