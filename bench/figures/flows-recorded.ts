import type { Figure } from '../lib/figure.ts';
import { startBenchLab } from '../lib/lab.ts';
import { podIn } from '../lib/pod-in.ts';
import { startTraffic, type TrafficProgram } from '../lib/traffic.ts';

const rounds = 9;
const forMs = 2000;
const atOnce = 4;
const port = 9000;

/** How much longer new connections between pods of two nodes take while flows are recorded: windows of each, in turns. */
export const figure: Figure = {
  name: 'flows-recorded',
  async *measure(progress) {
    const lab = await startBenchLab();
    const programs: TrafficProgram[] = [];
    try {
      const [client, server] = [await podIn(lab, 0), await podIn(lab, 1)];
      for (const { netns } of [client, server]) programs.push(startTraffic(lab.pathOf(netns)));
      const [from, to] = programs as [TrafficProgram, TrafficProgram];
      await to.serve(port);
      const connects = async (isRecorded: boolean): Promise<number> => {
        await lab.connection.recordFlows(isRecorded);
        return (await from.open({ host: server.address, port }, { forMs, atOnce })).perSecond;
      };
      await connects(false);
      const samples: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const without = await connects(false);
        const recorded = await connects(true);
        samples.push(without / recorded);
        progress(`${without.toFixed(0)} connections/s; recorded ${recorded.toFixed(0)}`);
      }
      yield { bench: 'flows-recorded-connect', unit: 'ratio', samples, target: 1 / 0.9, peer: null };
    } finally {
      for (const program of programs) program.close();
      await lab.down();
    }
  },
};
