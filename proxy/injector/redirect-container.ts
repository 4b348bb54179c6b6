/** Builds the init container of transparent mode, which leads calls to named hosts to the sidecar before anything else runs. */
import type { Wishes } from "./annotations.ts";
import type { Container } from "./pod.ts";
import type { Ports } from "./ports.ts";
import type { Settings } from "./settings.ts";

/** The container's name. */
export const REDIRECT = "sidestep-redirect";

/** What the container is made of. */
export interface RedirectParts {
  readonly wishes: Wishes;
  readonly settings: Settings;
  readonly ports: Ports;
}

/** Why a pod cannot have one; null when it can, or asks for none. */
export function redirectProblem(
  { redirect }: Wishes,
  { redirectImage, uid }: Settings,
  isNative: boolean,
): string | null {
  if (redirect.length === 0) return null;
  if (redirectImage === null) return "sidestep.dev/redirect needs the setting redirectImage";
  if (uid === null) return "sidestep.dev/redirect needs the setting uid, whose calls go on";
  // Init containers would be led to a sidecar that does not run yet.
  return isNative ? null : "sidestep.dev/redirect needs native sidecars";
}

/** The container; null where the pod asks for none. It alone may change the pod's network, and as root, before the pod's own. */
export function redirectContainer({ wishes, settings, ports }: RedirectParts): Container | null {
  const { redirectImage, uid, pullPolicy } = settings;
  if (wishes.redirect.length === 0 || redirectImage === null) return null;
  return {
    name: REDIRECT,
    image: redirectImage,
    ...(pullPolicy === null ? {} : { imagePullPolicy: pullPolicy }),
    args: [
      "redirect",
      `--to=${ports.data}`,
      `--uid=${uid}`,
      ...wishes.redirect.map((host) => `--host=${host}`),
    ],
    resources: { requests: { cpu: "10m", memory: "64Mi" }, limits: { memory: "128Mi" } },
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { add: ["NET_ADMIN"], drop: ["ALL"] },
      readOnlyRootFilesystem: true,
      runAsGroup: 0,
      runAsNonRoot: false,
      runAsUser: 0,
      seccompProfile: { type: "RuntimeDefault" },
    },
  };
}
