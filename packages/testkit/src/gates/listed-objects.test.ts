import { describe, expect, it } from 'vitest';
import { loadScript } from './load-script.ts';

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Ask = (method: string, path: string) => Promise<Answer>;

const { objectsOf } = await loadScript<{
  objectsOf(
    cluster: { readonly ask: Ask; readonly kinds: ReadonlyMap<string, object> },
    namespace: string,
  ): Promise<readonly string[]>;
}>('gates/chart/prepare-cluster.mjs');
const { standingFaults } = await loadScript<{
  standingFaults(cluster: { readonly ask: Ask }, namespace: string): Promise<readonly string[]>;
}>('gates/chart/standing-faults.mjs');

const kindOf = (kind: string, name: string): [string, object] => [
  `v1/${kind}`,
  { kind, name, path: '/api/v1', namespaced: true, verbs: ['list'] },
];
const kinds = new Map([kindOf('Secret', 'secrets'), kindOf('ConfigMap', 'configmaps')]);
const good: Answer = { status: 200, body: { items: [{ metadata: { name: 'one' } }] } };
const refused: Answer = { status: 403, body: { kind: 'Status', message: 'secrets is forbidden' } };

describe('[DPL-2] what an API server lists', () => {
  it('is every object of the namespace, by its kind', async () => {
    const ask: Ask = async () => good;
    expect(await objectsOf({ ask, kinds }, 'bus')).toEqual(['Secret one', 'ConfigMap one']);
  });

  it('is not nothing where it is refused: what is left behind would be seen by nobody', async () => {
    const ask: Ask = async (_method, path) => (path.endsWith('/secrets') ? refused : good);
    const listed = objectsOf({ ask, kinds }, 'bus');
    await expect(listed).rejects.toThrow('/api/v1/namespaces/bus/secrets: 403 secrets is forbidden');
  });

  it('says what was refused, too, where it is asked how a release stands', async () => {
    const standing = standingFaults({ ask: async () => refused }, 'bus');
    await expect(standing).rejects.toThrow('/apis/apps/v1/namespaces/bus/deployments: 403');
  });
});
