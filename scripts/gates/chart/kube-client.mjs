import { request } from 'node:https';

const PATCH = 'application/merge-patch+json';

/**
 * Asks an API server of Kubernetes: gives the status, the body as JSON, and the warnings, which it says beside an answer that is
 * good. Rejects where nobody answers.
 */
export function createKubeClient({ address, port, ca, token }) {
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? PATCH : 'application/json';
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': type };
      const asked = request({ host: address, port, method, path, ca, headers }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode: status, rawHeaders } = response;
          resolve({ status, body: asJson(Buffer.concat(chunks).toString()), warnings: warningsIn(rawHeaders) });
        });
      });
      asked.once('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

/** Some pages are plain text, as those of health. */
function asJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}

/** `Warning: 299 - "text"` (RFC 9111), once for each. */
function warningsIn(rawHeaders) {
  return rawHeaders.flatMap((name, index) => {
    if (index % 2 === 1 || name.toLowerCase() !== 'warning') return [];
    const quoted = /^\d+ \S+ "(.*)"$/s.exec(rawHeaders[index + 1])?.[1] ?? rawHeaders[index + 1];
    return [quoted.replaceAll(/\\(.)/gs, '$1')];
  });
}

/** Kinds that the server knows, by `apiVersion/kind`: where they lie, and what may be done with them. */
export async function discoverKinds(ask) {
  const { body } = await ask('GET', '/apis');
  const versions = ['/api/v1', ...body.groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const found = await Promise.all(versions.map(async (path) => [path, (await ask('GET', path)).body]));
  const kinds = found.flatMap(([path, { groupVersion, resources = [] }]) =>
    resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced, verbs }) => [`${groupVersion}/${kind}`, { kind, namespaced, verbs, name, path }]),
  );
  return new Map(kinds);
}

/** Where the objects of a kind lie in a namespace. */
export function pathOf({ path, name, namespaced }, namespace) {
  return namespaced ? `${path}/namespaces/${namespace}/${name}` : `${path}/${name}`;
}
