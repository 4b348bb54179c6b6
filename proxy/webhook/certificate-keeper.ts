/** Keeps the replicas' certificates in one Secret: the leader renews them and tells the API whom to trust, all others follow. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import * as v from "valibot";
import { bundleOf, renewed, type Certificates, type Lifetimes } from "./certificates.ts";
import type { KubernetesClient } from "./kubernetes-client.ts";

/** What is kept, and for whom. */
export interface KeeperOptions {
  readonly client: KubernetesClient;
  readonly namespace: string;
  readonly secret: string;
  /** DNS names of the webhook's Service. */
  readonly names: readonly string[];
  /** Name of the mutating and of the validating configuration. */
  readonly configuration: string;
  readonly lifetimes: Lifetimes;
}

const secretSchema = v.object({
  metadata: v.object({ resourceVersion: v.string() }),
  data: v.optional(v.record(v.string(), v.string()), {}),
});

const authoritySchema = v.array(
  v.object({ cert: v.string(), key: v.string(), publishedMs: v.number() }),
);

const configurationSchema = v.object({
  metadata: v.object({ resourceVersion: v.string() }),
  webhooks: v.optional(
    v.array(
      v.looseObject({
        name: v.string(),
        clientConfig: v.looseObject({ caBundle: v.optional(v.string(), "") }),
      }),
    ),
    [],
  ),
});

const kinds = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"] as const;

interface Kept {
  readonly certificates: Certificates | null;
  /** Null when there is no Secret. */
  readonly version: string | null;
}

/** One replica's part. */
export class CertificateKeeper {
  readonly #options: KeeperOptions;
  /** A Secret that somebody removes is written again as it was, so that no replica is cut off. */
  #last: Certificates | null = null;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  /** What all replicas are to serve with; null while the leader has made nothing. */
  async read(): Promise<Certificates | null> {
    this.#last = (await this.#kept()).certificates ?? this.#last;
    return this.#last;
  }

  /**
   * The leader's turn: has the API trust what is due, and only then writes it down for all replicas,
   * so that none ever serves what is not trusted.
   */
  async renew(nowMs: number): Promise<Certificates | null> {
    const kept = await this.#kept();
    const { names, lifetimes } = this.#options;
    const next = await renewed(kept.certificates ?? this.#last, names, lifetimes, nowMs);
    await Promise.all(kinds.map((kind) => this.#publish(kind, bundleOf(next))));
    if (next !== kept.certificates && !(await this.#write(next, kept.version))) return null;
    this.#last = next;
    return next;
  }

  async #kept(): Promise<Kept> {
    const { client } = this.#options;
    const { status, body } = await client.call("GET", this.#path);
    if (status === 404) return { certificates: null, version: null };
    const { metadata, data } = v.parse(secretSchema, body);
    return { certificates: certificatesIn(data), version: metadata.resourceVersion };
  }

  /** False when another replica was faster. */
  async #write(certificates: Certificates, version: string | null): Promise<boolean> {
    const { client, namespace, secret } = this.#options;
    const { authorities, leaf } = certificates;
    const object = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        namespace,
        name: secret,
        ...(version === null ? {} : { resourceVersion: version }),
      },
      type: "kubernetes.io/tls",
      data: {
        "tls.crt": coded(leaf.cert),
        "tls.key": coded(leaf.key),
        "ca.crt": coded(bundleOf(certificates)),
        "authorities.json": coded(JSON.stringify(authorities)),
      },
    };
    const { status } =
      version === null
        ? await client.call("POST", this.#folder, object)
        : await client.call("PUT", this.#path, object);
    if (status === 409) return false;
    if (status >= 300) throw new Error(`writing the Secret ${secret} was answered ${status}`);
    return true;
  }

  async #publish(kind: (typeof kinds)[number], bundle: string): Promise<void> {
    const { client, configuration } = this.#options;
    const path = `/apis/admissionregistration.k8s.io/v1/${kind}/${configuration}`;
    const { status, body } = await client.call("GET", path);
    // A chart may leave one of the two out.
    if (status === 404) return;
    const { metadata, webhooks } = v.parse(configurationSchema, body);
    const caBundle = coded(bundle);
    if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) return;
    const next = webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle },
    }));
    // With the version that was read, so that an upgrade of the chart meanwhile is not undone.
    const patched = await client.call("PATCH", path, { metadata, webhooks: next });
    if (patched.status >= 300) throw new Error(`patching ${path} was answered ${patched.status}`);
  }

  get #folder(): string {
    return `/api/v1/namespaces/${this.#options.namespace}/secrets`;
  }

  get #path(): string {
    return `${this.#folder}/${this.#options.secret}`;
  }
}

/** Null for what cannot be used: then everything is made anew. */
function certificatesIn(data: Readonly<Record<string, string>>): Certificates | null {
  const text = (name: string): string => Buffer.from(data[name] ?? "", "base64").toString();
  const leaf = { cert: text("tls.crt"), key: text("tls.key") };
  try {
    const authorities = v.parse(authoritySchema, JSON.parse(text("authorities.json")));
    const isUsable = [leaf, ...authorities].every(({ cert, key }) =>
      new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)),
    );
    return isUsable ? { authorities, leaf } : null;
  } catch {
    return null;
  }
}

function coded(text: string): string {
  return Buffer.from(text).toString("base64");
}
