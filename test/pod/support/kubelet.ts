/** A small kubelet: really runs a pod's containers by runc, in the order and with the patience of the real one. */
import type { Pod } from "../../../proxy/injector/pod.ts";
import { amountOf } from "../../../proxy/injector/quantity.ts";
import type { Image } from "../../image/support/image.ts";
import type { Wanted } from "../../image/support/spec.ts";
import { openNetwork, type PodNetwork } from "./network.ts";
import { environmentOf, Volumes, type NodeObjects, type Values } from "./node-objects.ts";
import { podShape, type ContainerShape, type PodShape } from "./pod-shape.ts";
import { Supervised, type Happening, type Restart } from "./supervised.ts";

/** What a node has: images by name, ConfigMaps and Secrets. */
export interface Node extends NodeObjects {
  readonly images: Readonly<Record<string, Image>>;
}

/** How a pod ended. */
export type Phase = "Succeeded" | "Failed";

/** The least that the kubelet leaves to a sidecar when the grace period is used up, in milliseconds. */
const LEAST_GRACE_MS = 2000;

/** A pod that runs. */
export class RunningPod {
  readonly #shape: PodShape;
  readonly #node: Node;
  readonly #network: PodNetwork;
  readonly #volumes: Volumes;
  readonly #containers = new Map<string, Supervised>();
  readonly #sidecars: Supervised[] = [];
  readonly #apps: Supervised[] = [];
  readonly #events: string[] = [];
  #stopping: Promise<void> | null = null;

  private constructor(shape: PodShape, node: Node, network: PodNetwork) {
    this.#shape = shape;
    this.#node = node;
    this.#network = network;
    this.#volumes = new Volumes(shape, node);
  }

  /** Makes its surroundings; `run` starts its containers. */
  static async on(node: Node, pod: Pod): Promise<RunningPod> {
    return new RunningPod(podShape(pod), node, await openNetwork());
  }

  /** Starts all containers in order; resolves when the last one is started. */
  async run(): Promise<void> {
    for (const container of this.#shape.spec.initContainers) {
      const isSidecar = container.restartPolicy === "Always";
      const supervised = this.#start(container, isSidecar ? "Always" : this.#initRestart());
      if (isSidecar) {
        this.#sidecars.push(supervised);
        await supervised.begun();
      } else if ((await supervised.ended) !== 0) {
        throw new Error(`${container.name} failed:\n${supervised.container.log()}`);
      }
    }
    for (const container of this.#shape.spec.containers) {
      const supervised = this.#start(container, this.#shape.spec.restartPolicy);
      this.#apps.push(supervised);
      await supervised.begun();
    }
  }

  #initRestart(): Restart {
    return this.#shape.spec.restartPolicy === "Never" ? "Never" : "OnFailure";
  }

  /** `CONTAINER HAPPENING`, in order. */
  get events(): readonly string[] {
    return this.#events;
  }

  /** The pod's address. */
  get address(): string {
    return this.#network.address;
  }

  /** A container by its name. */
  container(name: string): Supervised {
    const found = this.#containers.get(name);
    if (found === undefined) throw new Error(`no container ${name} was started`);
    return found;
  }

  /** Brings new values of a ConfigMap into the pod. */
  update(configMap: string, values: Values): void {
    this.#volumes.update(configMap, values);
  }

  /** Resolves when the application's containers have ended for good; sidecars are then stopped. */
  async completed(): Promise<Phase> {
    const codes = await Promise.all(this.#apps.map((app) => app.ended));
    await this.#stopSidecars(this.#deadline());
    return codes.every((code) => code === 0) ? "Succeeded" : "Failed";
  }

  /** Deletes the pod as its grace period says. */
  delete(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends it at once, as when its node is lost. */
  async kill(): Promise<void> {
    if (this.#stopping !== null) return this.#stopping;
    const all = [...this.#containers.values()];
    this.#stopping = Promise.all(all.map((each) => each.stop(0))).then(() => this.#network.close());
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const deadline = this.#deadline();
    await Promise.all(this.#apps.map((app) => app.stop(deadline)));
    await this.#stopSidecars(deadline);
    await this.#network.close();
  }

  /** The last one to start is the first one to stop, and each waits for those after it. */
  async #stopSidecars(deadline: number): Promise<void> {
    for (const sidecar of this.#sidecars.toReversed()) {
      await sidecar.stop(Math.max(deadline, performance.now() + LEAST_GRACE_MS));
    }
  }

  #deadline(): number {
    return performance.now() + this.#shape.spec.terminationGracePeriodSeconds * 1000;
  }

  #start(shape: ContainerShape, restart: Restart): Supervised {
    const tell = (happening: Happening): void => {
      this.#events.push(`${shape.name} ${happening}`);
    };
    const { address } = this.#network;
    const supervised = new Supervised({
      shape,
      wanted: this.#wanted(shape),
      restart,
      address,
      tell,
    });
    this.#containers.set(shape.name, supervised);
    return supervised;
  }

  #wanted(shape: ContainerShape): Wanted {
    const image = this.#node.images[shape.image];
    if (image === undefined) throw new Error(`the node has no image ${shape.image}`);
    const { config, tree } = image;
    const [uid = 0, gid = 0] = config.User.split(":").map(Number);
    const { runAsUser = uid, runAsGroup = gid, readOnlyRootFilesystem } = shape.securityContext;
    const { memory } = shape.resources.limits;
    return {
      tree,
      args: [
        ...(shape.command ?? config.Entrypoint),
        ...(shape.args ?? (shape.command === undefined ? config.Cmd : [])),
      ],
      env: [...config.Env, ...environmentOf(shape, this.#shape, this.#node)],
      uid: runAsUser,
      gid: runAsGroup,
      workingFolder: config.WorkingDir,
      mounts: shape.volumeMounts.map(({ name, mountPath, readOnly }) => ({
        from: this.#volumes.pathOf(name),
        to: mountPath,
        isReadOnly: readOnly,
      })),
      memoryBytes: memory === undefined ? null : amountOf(memory),
      isRootReadOnly: readOnlyRootFilesystem,
      network: this.#network.file,
    };
  }
}
