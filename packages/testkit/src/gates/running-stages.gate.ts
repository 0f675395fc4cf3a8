import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { expectFailure } from './expect-failure.ts';
import { copyRepository } from './repository-copy.ts';
import type { RepositoryCopy } from './repository-copy.ts';

let copy: RepositoryCopy;

beforeAll(async () => void (copy = await copyRepository()));
afterEach(() => copy.restore());
afterAll(() => copy.dispose());

const failing = (title: string): string => {
  return `import { expect, test } from 'vitest';\ntest('${title}', () => {\n  expect(1).toBe(2);\n});\n`;
};
const isTest = (path: string): boolean => /\.(test|chaos)\.ts$/.test(path);

describe('build fails on', () => {
  it('bytes that depend on the folder', () => {
    copy.replace('scripts/bundle.mjs', "format: 'cjs',", "format: 'cjs', footer: { js: `// ${root}` },");
    expectFailure(
      copy.check('build'),
      'build',
      'Not reproducible: packages/cli/dist/arqon.cjs',
      'services/shield/dist',
    );
  });

  it('a build that does not build', () => {
    copy.write('packages/cli/src/main.ts', "import './gone.ts';\n");
    expectFailure(copy.check('build'), 'build', 'The build in a fresh folder failed', 'gone.ts');
  });
});

describe('unit fails on', () => {
  it('a failing test, and on too little coverage', () => {
    copy.removeFiles(isTest);
    copy.write('packages/auth/src/planted.test.ts', failing('planted for the stage unit'));
    expectFailure(copy.check('unit'), 'unit', 'planted for the stage unit');
    copy.write('packages/auth/src/planted.test.ts', failing('passes').replace('toBe(2)', 'toBe(1)'));
    expectFailure(copy.check('unit'), 'unit', '1 passed', 'does not meet');
  });
});

describe('integration fails on', () => {
  it.each(['packages/spine/src/nats/planted.int.test.ts', 'e2e/src/planted.test.ts', 'e2e/src/faults/planted.test.ts'])(
    'a failing test at %s',
    (path) => {
      copy.removeFiles(isTest);
      copy.write(path, failing('planted for the stage integration'));
      expectFailure(copy.check('integration'), 'integration', 'planted for the stage integration');
    },
  );
});

describe('security fails on', () => {
  it('a denied package, a licence, a secret in the tree, one in the history, and a right that is too wide', () => {
    const key = ['ghp', '16C7e42F292c6912E7710c838347Ae178B4'].join('_');
    copy.write('docs/planted.md', `Take ${key}a for the registry.\n`);
    copy.commit('a secret');
    copy.removeFiles((path) => path === 'docs/planted.md');
    copy.commit('no secret any more');
    copy.write('docs/second.md', `Take ${key}b for the registry.\n`);
    copy.replace(
      'scripts/gates/package-policy.json',
      '"denied": [',
      '"denied": [{ "name": "ws", "versions": ["8.23.0"], "why": "planted" },',
    );
    copy.replace('scripts/gates/package-policy.json', '"Unlicense",', '');
    copy.replace('packages/auth/src/access/rights.ts', 'guest: [],', "guest: ['join'],");
    expectFailure(
      copy.check('security'),
      'security',
      'ws@8.23.0: denied, planted',
      'tweetnacl: the licence Unlicense is not allowed in what ships',
      'docs/second.md:1: a secret',
      'In the history: docs/planted.md:1: a secret',
      'guest may not: join_channel',
    );
  });
});

describe('chaos and observability fail on', () => {
  it('a fault that is not survived', () => {
    copy.removeFiles(isTest);
    copy.write('e2e/src/chaos/planted.chaos.ts', failing('planted for the stage chaos'));
    expectFailure(copy.check('chaos'), 'chaos', 'planted for the stage chaos');
  });

  it('a test of telemetry', () => {
    copy.removeFiles(isTest);
    copy.write('packages/telemetry/src/planted.test.ts', failing(`[${['TEL', '2'].join('-')}] planted metrics`));
    expectFailure(copy.check('observability'), 'observability', 'planted metrics');
  });
});

describe('compatibility fails on', () => {
  it('a server that no longer knows what old clients send', () => {
    copy.replace('packages/protocol/src/json/decode-json-envelope.ts', "  ['message', 'event'],\n", '');
    expectFailure(copy.check('compatibility'), 'compatibility', 'the alias message');
  });
});

describe('deployment fails on', () => {
  it('images that are root, can be written, hold a secret, have no health check or bill, or are other bytes each time', () => {
    const key = ['ghp', '16C7e42F292c6912E7710c838347Ae178B4'].join('_');
    const at = (target: string, line: string, planted: string): void => {
      copy.replace(
        'Dockerfile',
        `${line}ENTRYPOINT ["node", "/app/${target}.mjs"]`,
        `${planted}ENTRYPOINT ["node", "/app/${target}.mjs"]`,
      );
    };
    copy.write('planted.env', `TOKEN=${key}a\n`);
    copy.replace(
      'Dockerfile',
      'COPY --chmod=0555 --from=build /src/services/shield',
      'COPY --chown=10001:10001 --chmod=0755 --from=build /src/services/shield',
    );
    at('brain', 'EXPOSE 8080\n', 'USER 0:0\n');
    at('bridge', 'EXPOSE 9102 9103 8080\n', 'HEALTHCHECK NONE\nCOPY --chmod=0444 planted.env ./\n');
    copy.replace('Dockerfile', 'COPY --chmod=0444 --from=bills /bills/arqon/bill.cdx.json ./\n', '');
    copy.replace(
      'scripts/images/complete-bill.mjs',
      'const base = [',
      "const base = [programComponent({ name: 'hour', version: `${Date.now()}` }),",
    );
    expectFailure(
      copy.check('images'),
      'images',
      'shield:dev gives /app/shield.cjs to 10001:10001',
      'shield:dev can write /app/build.json, /app/shield.cjs',
      'brain:dev runs as 0:0',
      'brain:dev runs with the user id 0',
      'bridge:dev has no health check',
      'bridge:dev holds /app/planted.env, which nobody tested',
      'bridge:dev has a secret in a layer: app/planted.env:1',
      'arqon:dev has no bill of materials',
      'shield is another image when it is built again: /app/bill.cdx.json',
    );
  }, 900_000);

  it('a chart that renders to something else, to what Kubernetes does not know, or what should be refused', () => {
    const templates = 'deploy/helm/arqonbus/templates';
    copy.replace(`${templates}/_pod.tpl`, 'enableServiceLinks: false', 'enableServiceLink: false');
    copy.replace(`${templates}/_checks.tpl`, 'clients would be answered without TLS', 'clients would be answered');
    expectFailure(
      copy.check('chart'),
      'chart',
      'least: renders to something else',
      'least: Deployment arqon-shield: /spec/template/spec must NOT have additional properties {"additionalProperty":"enableServiceLink"}',
      'Refused, but without saying "clients would be answered without TLS"',
    );
  });

  it('objects and pods that an API server does not admit', () => {
    const templates = 'deploy/helm/arqonbus/templates';
    copy.replace(`${templates}/monitoring/dashboards.yaml`, 'arqonbus-{{ base $path }}', 'arqonbus/{{ base $path }}');
    copy.replace(`${templates}/_pod.tpl`, 'allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true');
    copy.renderChart();
    expectFailure(
      copy.check('chart'),
      'chart',
      'everything: ConfigMap bus-dashboards: refused with 422: ConfigMap "bus-dashboards" is invalid: [data[arqonbus/',
      'least: Deployment arqon-shield: warned of: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
      'least: the pod of Deployment arqon-shield: refused with 403:',
    );
  });

  it('a release that cannot be changed, or is not taken away', () => {
    const templates = 'deploy/helm/arqonbus/templates';
    const component = 'app.kubernetes.io/component: {{ .service }}';
    copy.replace(`${templates}/_names.tpl`, component, `${component}{{ .root.Values.shield.replicas }}`);
    copy.replace(
      `${templates}/migrations-network-policy.yaml`,
      'before-hook-creation,hook-succeeded',
      'before-hook-creation',
    );
    copy.renderChart();
    expectFailure(
      copy.check('chart'),
      'chart',
      'own-keys: helm upgrade: ',
      'field is immutable',
      'helm uninstall leaves NetworkPolicy arqon-migrate',
    );
  }, 600_000);

  it('a server of the chart that does not let our services in', () => {
    const config = 'deploy/helm/arqonbus/templates/dependencies/postgres/config.yaml';
    copy.replace(config, 'arqon_owner,arqon_brain', 'arqon_owner');
    copy.renderChart();
    expectFailure(copy.check('chart'), 'chart', 'all-in-one: brain: ', '"postgres":"down"');
  }, 600_000);

  it('a Service that leads nowhere', () => {
    const service = 'deploy/helm/arqonbus/templates/shield/service.yaml';
    copy.replace(service, 'targetPort: clients', 'targetPort: customers');
    copy.renderChart();
    expectFailure(copy.check('chart'), 'chart', 'all-in-one: Service arqon-shield finds no pod');
  }, 600_000);
});
