/**
 * Run by a test in the mount namespace of a lab's run directory: `write-until-full.ts LAB`. Creates ConfigMaps and
 * prints, as JSON, the error of the first that is refused and how many there are; ends after 100 without one.
 */
import { resources } from '../../src/api/resources.ts';
import { connectLab } from '../../src/cmd/weft/connect-lab.ts';
import { WeftError } from '../../src/lib/errors.ts';
import { pathsOf } from './weft.ts';

const lab = await connectLab(pathsOf(process.argv[2] ?? ''));
/** A log that has its blocks takes 8 MiB before it asks the disk for more. */
const data = { text: 'x'.repeat(200_000) };
let refusal: { code: string; message: string } | null = null;
for (let created = 0; created < 100 && refusal === null; created++) {
  const metadata = { generateName: 'filling-', namespace: 'default' };
  try {
    await lab.client.create(resources.configmaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...metadata, name: '' },
      data,
    });
  } catch (error) {
    if (!(error instanceof WeftError)) throw error;
    refusal = { code: error.code, message: error.message };
  }
}
const { items } = await lab.client.list(resources.configmaps, { namespace: 'default' });
console.log(JSON.stringify({ refusal, there: items.length }));
process.exit(0);
