import { createSpeaker } from '../../src/agent/layer2/speaker.ts';
import { createTicks } from '../../src/agent/layer2/ticks.ts';
import { createFrames } from '../../src/kernel/frames/real.ts';
import { createNetworkNamespaces } from '../../src/kernel/netns/real.ts';
import { createPoller } from '../../src/kernel/poll/poller.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { silentLog } from '../../src/lib/log.ts';

/**
 * One node's voice on a segment, as a process of its own that may be killed: `node speaking-node.ts DIRECTORY NODE ADDRESS
 * ORDER...`, where the pin in the directory is the node's name. Prints the address when the node takes it.
 */
const [directory = '', node = '', address = '', ...order] = process.argv.slice(2);
const poller = createPoller();
const namespaces = createNetworkNamespaces({ directory });
const frames = createFrames({ namespaces, poller });
const ticks = createTicks({ clock: systemClock, frames, onTick: () => speaker.tick() });
const speaker = createSpeaker({
  node,
  netns: node,
  link: 'eth0',
  frames,
  cluster: () => 'one',
  now: () => ticks.now(),
  log: silentLog,
  onTaken: (taken) => void process.stdout.write(`${taken}\n`),
  onConflict: (conflict, mac) => void process.stderr.write(`${node}: ${mac} has ${conflict}\n`),
});
speaker.set(new Map([[address, order]]));
ticks.set(true);
