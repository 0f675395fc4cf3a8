import { test, expect } from 'vitest';
import { startBus } from './harness/start-bus.ts';
import { roomyLimits } from './harness/roomy-limits.ts';
import { connectRaw } from '@arqonbus/testkit';
import { readFileSync } from 'node:fs';
test('x', async () => {
  for (const l of ['uws', 'ws']) {
  const bus = await startBus({...roomyLimits, ARQONBUS_SERVER_LISTENER:l});
  const token = await bus.token();
  const cpu = () => { const f = readFileSync(`/proc/${bus.process.pid}/stat`,'utf8').split(') ')[1]!.split(' '); return (Number(f[11])+Number(f[12]))*10; };
  let bad=0;
  for (let i=0;i<500;i++) { const c = await bus.connect(); c.end(); }
  const t0=performance.now(), c0=cpu();
  for (let i=0;i<2000;i++){
    const c = await connectRaw({port: bus.port, headers:{authorization:`Bearer ${token}`}});
    try { await c.nextFrame(); c.sendText('{"type":"command","command":"ping","id":"arq_12345678"}'); await c.nextFrame();} catch (e) { bad++; }
    c.destroy();
  }
  console.log(l, 'BAD', bad, 'us per conn', Math.round((performance.now()-t0)/2), 'cpu us', (cpu()-c0)/2);
  await bus.stop();
  }
  expect(1).toBe(1);
}, 60000);
