import { framesCompliance } from './frames.compliance.ts';
import { createFakeSegment } from './fake.ts';

framesCompliance({
  label: 'fake',
  skip: false,
  make() {
    const frames = createFakeSegment();
    frames.attach('a', 'eth0', '02:00:00:00:00:0a');
    frames.attach('b', 'eth0', '02:00:00:00:00:0b');
    return { frames, cut: (namespace) => frames.cut(namespace, 'eth0'), quietMs: 20, end: async () => {} };
  },
});
