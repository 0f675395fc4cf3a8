// What is in a program or an image, in CycloneDX 1.6. Needs nothing but Node: the last step of it runs in the base of an image. Without the
// time and the random number that a bill may have, so that the same parts give the same bytes.

/** The name of the bill beside a program, and in an image. */
export const BILL = 'bill.cdx.json';

/** The bill of a program of ours; `components` as {@link npmComponent} and its like make them. */
export function billOfMaterials({ name, version, components }) {
  const ref = `${name}@${version}`;
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': ref,
        name,
        version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
      },
    },
    components: unique(components),
    // All that is in it, and nothing said of which part needs which.
    compositions: [{ aggregate: 'complete', assemblies: [ref] }],
  };
}

/** The same bill with more in it. */
export function withComponents(bill, components) {
  return { ...bill, components: unique([...bill.components, ...components]) };
}

/** The text of a bill. */
export function billText(bill) {
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}

/** A package of npm; `integrity` is that of the lockfile, where it is known. */
export function npmComponent({ name, version, license, integrity }) {
  const [scope, base] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const path = [...(scope === undefined ? [] : [encodeURIComponent(scope)]), base].join('/');
  const sha512 = /^sha512-(.+)$/.exec(integrity ?? '')?.[1];
  return {
    ...component('library', name, version, `pkg:npm/${path}@${version}`),
    licenses: [{ expression: license }],
    ...(sha512 === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(sha512, 'base64').toString('hex') }] }),
  };
}

/** A package of Debian. */
export function debianComponent({ name, version, architecture }) {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
  return component('library', name, version, purl);
}

/** A program that is in no package. */
export function programComponent({ name, version }) {
  return component('application', name, version, `pkg:generic/${name}@${version}`);
}

function component(type, name, version, purl) {
  return { type, 'bom-ref': purl, name, version, purl };
}

function unique(components) {
  const byRef = new Map(components.map((one) => [one['bom-ref'], one]));
  return [...byRef.values()].toSorted((one, other) => (one['bom-ref'] < other['bom-ref'] ? -1 : 1));
}
