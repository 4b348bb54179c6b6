/** The default seccomp profile of container engines, in the form that runc takes. */
import { existsSync, readFileSync } from "node:fs";
import * as v from "valibot";

/** Where Debian's container packages have it. */
const file = "/usr/share/containers/seccomp.json";

const conditionShape = v.object({
  caps: v.optional(v.array(v.string())),
  arches: v.optional(v.array(v.string())),
});

const profile = v.object({
  defaultAction: v.string(),
  defaultErrnoRet: v.optional(v.number()),
  archMap: v.array(v.object({ architecture: v.string(), subArchitectures: v.array(v.string()) })),
  syscalls: v.array(
    v.object({
      names: v.array(v.string()),
      action: v.string(),
      args: v.nullish(v.array(v.unknown())),
      errnoRet: v.optional(v.number()),
      includes: v.nullish(conditionShape),
      excludes: v.nullish(conditionShape),
    }),
  ),
});

type Condition = v.InferOutput<typeof conditionShape> | null | undefined;

const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const native = process.arch === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";

/** The profile of a container without capabilities. */
export function defaultSeccomp(): object {
  if (!existsSync(file)) throw new Error(`no ${file}: install golang-github-containers-common`);
  const whole = v.parse(profile, JSON.parse(readFileSync(file, "utf8")));
  const own = whole.archMap.find((each) => each.architecture === native);
  return {
    defaultAction: whole.defaultAction,
    ...(whole.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: whole.defaultErrnoRet }),
    architectures: [native, ...(own?.subArchitectures ?? [])],
    syscalls: whole.syscalls
      .filter(({ includes, excludes }) => isIncluded(includes) && !isExcluded(excludes))
      .map(({ names, action, args, errnoRet }) => ({
        names,
        action,
        ...((args ?? []).length === 0 ? {} : { args }),
        ...(errnoRet === undefined ? {} : { errnoRet }),
      })),
  };
}

/** A rule for those that hold a capability is none for us. */
function isIncluded(condition: Condition): boolean {
  if ((condition?.caps ?? []).length > 0) return false;
  const { arches = [] } = condition ?? {};
  return arches.length === 0 || arches.includes(architecture);
}

function isExcluded(condition: Condition): boolean {
  return (condition?.arches ?? []).includes(architecture);
}
