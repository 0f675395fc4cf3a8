import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshTenants } from './harness/fresh-tenants.ts';
import { nextTask } from './harness/next-task.ts';
import { runArqon } from './harness/run-arqon.ts';
import { startBus } from './harness/start-bus.ts';
import type { Bus } from './harness/start-bus.ts';

let bus: Bus;
const tenants = freshTenants(() => bus);

beforeAll(async () => void (bus = await startBus()));
afterAll(() => bus.stop());

it('[CLI-1] [OPR-2] arqon task submit gives a task to whoever has the capability, and says how it is called', async () => {
  const translator = await tenants.enter({ user: 'ben', capabilities: ['translate:de'] });
  await translator.must('operator.join', { group: 'art', capabilities: ['translate:de'] });
  const flags = ['--ws-url', bus.wsUrl, '--jwt', await bus.token({ tenant: tenants.tenant })];
  const submitting = runArqon(['task', 'submit', '--capability', 'translate:de', 'Good morning', ...flags]);
  const { payload: order } = await nextTask(translator, 'assigned');
  expect(order).toMatchObject({ payload: 'Good morning' });
  await translator.must('task.result', { task_id: order['task_id'], attempt: 1, payload: 'Guten Morgen' });
  expect([await submitting.exited, submitting.stdout()]).toEqual([0, 'Guten Morgen\n']);
  for (const args of [['Good morning'], ['art', 'Good morning', '--capability', 'translate:de'], []]) {
    const refused = runArqon(['task', 'submit', ...args, ...flags]);
    expect([await refused.exited, refused.stderr()]).toEqual([2, expect.stringMatching(/^arqon: .* a --capability/)]);
  }
});
