import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeSysctls } from './sysctls.ts';

const liberal = 'net.netfilter.nf_conntrack_tcp_be_liberal';

test('connection tracking is liberal on kernels that would call ordinary segments invalid, and on no other', () => {
  for (const release of ['5.10.0-28-amd64', '6.0.19', '4.18.0-553.el8.x86_64']) {
    assert.equal(nodeSysctls(['IPv4'], release)[liberal], '1', release);
  }
  for (const release of ['6.1.0-13-amd64', '6.18.5', '7.0', 'unknown']) {
    assert.equal(nodeSysctls(['IPv4'], release)[liberal], undefined, release);
  }
});
