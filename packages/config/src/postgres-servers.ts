/**
 * The servers that an address of Postgres names, each as an address of its own, in their order: as with libpq,
 * `postgres://user@a:5432,b:5433/bus` names two. What is no address is given back as it is.
 */
export function postgresServers(address: string): readonly string[] {
  const parts = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/s.exec(address);
  if (parts === null) return [address];
  const [, before = '', hosts = '', after = ''] = parts;
  return hosts.split(',').map((host) => `${before}${host}${after}`);
}
