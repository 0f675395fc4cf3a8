/**
 * What speaks against installing what a lockfile names, a line each: a package on the deny list, one without a checksum or from
 * elsewhere than a registry, one that its authors gave up, and a licence that is not on the list.
 *
 * `lockfile` is the parsed pnpm-lock.yaml, `policy` the parsed package-policy.json. `licences` has, per licence, the names of the
 * packages under it; `shipped` the names of those that go into what we ship.
 */
export function packageFaults({ lockfile, policy, licences, shipped }) {
  const packages = Object.entries(lockfile.packages ?? {});
  return [
    ...(packages.length === 0 ? ['the lockfile names no package'] : []),
    ...packages.flatMap(([id, entry]) => [...deniedFaults(id, policy.denied), ...sourceFaults(id, entry)]),
    ...licenceFaults(policy.licences, licences, shipped),
  ];
}

function deniedFaults(id, denied) {
  const at = id.lastIndexOf('@');
  const [name, version] = [id.slice(0, at), id.slice(at + 1)];
  return denied
    .filter((entry) => entry.name === name && (entry.versions === '*' || entry.versions.includes(version)))
    .map(({ why }) => `${id}: denied, ${why}`);
}

function sourceFaults(id, { resolution = {}, deprecated }) {
  const { integrity = '', ...other } = resolution;
  const elsewhere = Object.keys(other);
  return [
    ...(integrity.startsWith('sha512-') ? [] : [`${id}: no SHA-512 checksum`]),
    ...(elsewhere.length === 0 ? [] : [`${id}: not from a registry (${elsewhere.join(', ')})`]),
    ...(deprecated === undefined ? [] : [`${id}: given up by its authors: ${deprecated}`]),
  ];
}

function licenceFaults({ everywhere, toolsOnly }, licences, shipped) {
  const ships = new Set(shipped);
  return Object.entries(licences).flatMap(([licence, names]) => {
    if (everywhere.includes(licence)) return [];
    const refused = toolsOnly.includes(licence) ? names.filter((name) => ships.has(name)) : names;
    return refused.map(
      (name) => `${name}: the licence ${licence} is not allowed${ships.has(name) ? ' in what ships' : ''}`,
    );
  });
}
