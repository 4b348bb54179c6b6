/** A certificate authority made on the spot with the openssl program, and a server certificate signed by it. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Key material for a TLS upstream on `localhost` and 127.0.0.1. */
export interface TestAuthority {
  /** Path of the authority's certificate (PEM), as a user would name it in NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  /** Server key and certificate (PEM). */
  readonly key: string;
  readonly cert: string;
  /** Removes the files. */
  close(): Promise<void>;
}

/** Makes an authority and a server certificate; needs `openssl` on the path. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), "sidestep-ca-"));
  const at = (name: string): string => join(folder, name);
  const ecKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
  await openssl(
    `req -x509 ${ecKey} -days 2 -subj /CN=Test -keyout`,
    at("ca.key"),
    "-out",
    at("ca.pem"),
  );
  await openssl(
    `req ${ecKey} -subj /CN=localhost -keyout`,
    at("key.pem"),
    "-out",
    at("request.pem"),
  );
  await writeFile(at("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  const signer = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-extfile", at("names")];
  const issued = ["-in", at("request.pem"), "-out", at("cert.pem")];
  await openssl("x509 -req -days 2 -CAcreateserial", ...signer, ...issued);
  return {
    caFile: at("ca.pem"),
    key: await readFile(at("key.pem"), "utf8"),
    cert: await readFile(at("cert.pem"), "utf8"),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function openssl(words: string, ...paths: string[]): Promise<unknown> {
  return run("openssl", [...words.split(" "), ...paths]);
}
