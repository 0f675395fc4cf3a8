import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config, Problem } from '@arqonbus/config';
import type { ServiceName } from '@arqonbus/runtime';

/** The ports that a service could not listen on now: taken, not allowed, or of an address that is not here. */
export async function tryPorts(config: Config, service: ServiceName): Promise<readonly Problem[]> {
  const { server, bridge, http, telemetry } = config;
  const isShield = service === 'shield';
  const wanted = [
    ...(isShield ? [{ key: 'server.port', host: server.host, port: server.port }] : []),
    ...(isShield ? [{ key: 'telemetry.port', host: server.host, port: telemetry.port }] : []),
    ...(service === 'bridge' ? [{ key: 'bridge.port', ...bridge }] : []),
    ...(service === 'bridge' ? [{ key: 'bridge.grpc_port', host: bridge.host, port: bridge.grpcPort }] : []),
    { key: 'http.port', host: http.host, port: http.port },
  ];
  const problems: Problem[] = [];
  for (const { key, host, port } of wanted) {
    const code = await listenOnce(host, port);
    if (code === undefined) continue;
    const fix = 'another process has it, or the address is not of this machine';
    problems.push({ key, problem: `cannot be listened on at ${host}:${port} (${code})`, fix });
  }
  return problems;
}

async function listenOnce(host: string, port: number): Promise<string | undefined> {
  const probe = createServer();
  try {
    await once(probe.listen({ host, port, exclusive: true }), 'listening');
    await once(probe.close(), 'close');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
