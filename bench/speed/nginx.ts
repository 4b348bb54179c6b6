/** nginx twice over: as an upstream that answers at once, and as the proxy that everybody knows. */
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { once } from "node:events";
import type { Core } from "./pinning.ts";
import type { Processes, Started } from "./processes.ts";
import { providerHeaders } from "./traffic.ts";

/** Where nginx runs. */
export interface NginxPlace {
  readonly processes: Processes;
  /** For its configuration and temporary files. */
  readonly folder: string;
  readonly core: Core;
}

/** A running server with its base address. */
export interface Served {
  readonly url: string;
  readonly started: Started;
}

/** Every request is answered with this JSON. */
export function startFixedUpstream(place: NginxPlace, reply: string): Promise<Served> {
  const lines = Object.entries(providerHeaders).map(
    ([name, value]) => `add_header ${name} ${value};`,
  );
  const location = `default_type application/json; ${lines.join(" ")} return 200 '${quoted(reply)}';`;
  return start(place, "upstream", (port) => server(port, location));
}

/** Passes everything on to `upstream`, as it comes. */
export function startProxy(place: NginxPlace, upstream: string, port?: number): Promise<Served> {
  const { host } = new URL(upstream);
  const pool = `upstream provider { server ${host}; keepalive 20000; keepalive_requests 1000000000; }`;
  const location =
    "proxy_pass http://provider; proxy_http_version 1.1; proxy_buffering off; " +
    'proxy_set_header Connection ""; proxy_set_header Host $host;';
  return start(place, "nginx", (own) => `${pool}\n${server(own, location)}`, port);
}

async function start(
  { processes, folder, core }: NginxPlace,
  name: string,
  inside: (port: number) => string,
  wanted?: number,
): Promise<Served> {
  const port = wanted ?? (await freePort());
  const home = join(folder, `${name}-${port}`);
  mkdirSync(home);
  const file = join(home, "nginx.conf");
  writeFileSync(file, configuration(home, inside(port)));
  const args = ["-c", file, "-e", "stderr"];
  const ready = { port };
  const started = await processes.start({ name, command: "nginx", args, core, ready });
  return { url: `http://127.0.0.1:${port}`, started };
}

function configuration(home: string, inside: string): string {
  return `daemon off;
worker_processes 1;
pid ${home}/pid;
error_log stderr warn;
events { worker_connections 40000; }
http {
  access_log off;
  client_body_temp_path ${home}/body;
  proxy_temp_path ${home}/proxy;
  fastcgi_temp_path ${home}/fastcgi;
  uwsgi_temp_path ${home}/uwsgi;
  scgi_temp_path ${home}/scgi;
  client_max_body_size 64m;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
${inside}
}
`;
}

function server(port: number, location: string): string {
  return `server { listen 127.0.0.1:${port} backlog=4096; location / { ${location} } }`;
}

/** Text in single quotes; a dollar would name a variable and cannot be quoted. */
function quoted(text: string): string {
  if (text.includes("$")) throw new Error("nginx can not return a text with a dollar sign");
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
