/** A watch hands over each new policy once, whatever way the files come to change, and keeps quiet otherwise. */
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { once, EventEmitter } from "node:events";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadPolicy } from "../../../proxy/policy/load.ts";
import { folderWith, writeFiles } from "./fixture.ts";
import { Listening, listenTo } from "./listening.ts";

/** Policies differ in their queue's length. */
function policy(queue: number): string {
  return `limits: { queue: ${queue} }\n`;
}

/** Swaps `..data` as a mounted ConfigMap does: a new folder, a new link, a rename over the old one. */
function swap(folder: string, version: string, files: Readonly<Record<string, string>>): void {
  writeFiles(join(folder, `..${version}`), files);
  symlinkSync(`..${version}`, join(folder, "..data_tmp"));
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
}

describe("a change is taken up", () => {
  test("also where the files changed during every reading, and came to rest unseen", async () => {
    const text = "limits:\n  queue: ${LENGTH}\n";
    const folder = folderWith({ "policy.yaml": text });
    const path = join(folder, "policy.yaml");
    let readings = 0;
    const env = {
      /** Read after the file was: what is read is never what lies there now, until a reading gave up. */
      get LENGTH(): string {
        readings += 1;
        if (readings > 8) return "7";
        writeFileSync(`${path}.new`, `${text}# ${readings}\n`);
        // Long ago, so that nothing but the file's identity shows the change.
        utimesSync(`${path}.new`, readings, readings);
        renameSync(`${path}.new`, path);
        return "3";
      },
    };
    await new Listening({ path, env }).queue(7);
  });

  test("the first policy is one, unless it is already in use", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    const path = join(listening.folder, "policy.yaml");
    const current = await loadPolicy({ path, env: {} });
    if (!current.ok) throw new Error("has problems");
    const second = new Listening({ path, current });
    await second.watch.check();
    expect(second.queues).toEqual([]);
    writeFileSync(path, policy(2));
    await Promise.all([listening.queue(2), second.queue(2)]);
  });

  test("written in place", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    writeFiles(listening.folder, { "policy.yaml": policy(2) });
    await listening.queue(2);
  });

  test("replaced atomically, as by an editor that writes a draft and renames it", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    const path = join(listening.folder, "policy.yaml");
    await listening.queue(1);
    for (const queue of [2, 3, 4]) {
      writeFileSync(`${path}~`, policy(queue));
      renameSync(`${path}~`, path);
      await listening.queue(queue);
    }
    expect(listening.queues).toEqual([1, 2, 3, 4]);
  });

  test("moved away and written anew, as by an editor that keeps a backup", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    const path = join(listening.folder, "policy.yaml");
    await listening.queue(1);
    renameSync(path, `${path}.bak`);
    writeFileSync(path, policy(2));
    await listening.queue(2);
  });

  test("a mounted ConfigMap swapped, twice, as a file and as a directory", async () => {
    const folder = folderWith({});
    swap(folder, "v1", { "policy.yaml": policy(1) });
    symlinkSync("..data/policy.yaml", join(folder, "policy.yaml"));
    const file = new Listening({ path: join(folder, "policy.yaml"), pollMs: 600_000 });
    const directory = new Listening({ path: folder, pollMs: 600_000 });
    await Promise.all([file.queue(1), directory.queue(1)]);
    for (const queue of [2, 3]) {
      swap(folder, `v${queue}`, { "policy.yaml": policy(queue) });
      rmSync(join(folder, `..v${queue - 1}`), { recursive: true });
      await Promise.all([file.queue(queue), directory.queue(queue)]);
    }
    expect([file.queues, directory.queues]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect([file.reports, directory.reports]).toEqual([[], []]);
  });

  test("the target of a link in another folder", async () => {
    const real = folderWith({ "real.yaml": policy(1) });
    const folder = folderWith({});
    symlinkSync(join(real, "real.yaml"), join(folder, "policy.yaml"));
    const listening = new Listening({ path: join(folder, "policy.yaml"), pollMs: 600_000 });
    await listening.queue(1);
    writeFileSync(join(real, "real.yaml"), policy(2));
    await listening.queue(2);
  });

  test("a file added to a directory and one removed", async () => {
    const folder = folderWith({ "a.yaml": policy(1) });
    const listening = new Listening({ path: folder });
    await listening.queue(1);
    writeFiles(folder, { "b.yaml": policy(2) });
    await listening.queue(2);
    unlinkSync(join(folder, "b.yaml"));
    await listening.queue(1);
  });

  test("a FAQ in another folder", async () => {
    const faqs = folderWith({ "faq.yaml": "- { q: Who?, answer: Us. }\n" });
    const route = `routes: [{ name: a, answer: { faq: ${join(faqs, "faq.yaml")} } }]\n`;
    const answers: unknown[] = [];
    const folder = folderWith({ "policy.yaml": route });
    const said = new EventEmitter();
    const listening = new Listening({
      path: join(folder, "policy.yaml"),
      pollMs: 600_000,
      onChange: ({ policy: next }) => {
        answers.push([...next.faqs.values()][0]?.entries[0]?.answer);
        said.emit("said");
      },
    });
    while (answers.length < 1) await once(said, "said");
    writeFiles(faqs, { "faq.yaml": "- { q: Who?, answer: You. }\n" });
    while (answers.length < 2) await once(said, "said");
    expect(answers).toEqual(["Us.", "You."]);
    expect(listening.reports).toEqual([]);
  });

  test("where the file system sends no events", async () => {
    const folder = folderWith({ "sub/policy.yaml": policy(1) });
    const listening = new Listening({ path: join(folder, "sub/policy.yaml") });
    await listening.queue(1);
    // The folder is another one afterwards, so what was watched sends nothing any more.
    rmSync(join(folder, "sub"), { recursive: true });
    await listening.until(({ reports }) => reports.length === 1);
    writeFiles(folder, { "sub/policy.yaml": policy(2) });
    await listening.queue(2);
    writeFiles(folder, { "sub/policy.yaml": policy(3) });
    await listening.queue(3);
  });
});

describe("a bad state is reported, and the last good policy stays", () => {
  test("once, with its problems, and once more when it is over", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    writeFiles(listening.folder, { "policy.yaml": "limts: {}\n" });
    await listening.until(({ reports }) => reports.length === 1);
    await listening.watch.check();
    await listening.watch.check();
    expect(listening.reports).toEqual([[expect.objectContaining({ line: 1, column: 1 })]]);
    expect(listening.queues).toEqual([1]);
    writeFiles(listening.folder, { "policy.yaml": policy(2) });
    await listening.until(({ reports }) => reports.length === 2);
    expect(listening.reports[1]).toEqual([]);
    expect(listening.queues).toEqual([1, 2]);
  });

  test("back to the policy in use is no change, only an end of the problems", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    writeFiles(listening.folder, { "policy.yaml": "[" });
    await listening.until(({ reports }) => reports.length === 1);
    writeFiles(listening.folder, { "policy.yaml": policy(1) });
    await listening.until(({ reports }) => reports.length === 2);
    expect(listening.queues).toEqual([1]);
    expect(listening.reports[1]).toEqual([]);
  });

  test("the folder gone and back", async () => {
    const folder = folderWith({ "conf/policy.yaml": policy(1) });
    const listening = new Listening({ path: join(folder, "conf") });
    await listening.queue(1);
    renameSync(join(folder, "conf"), join(folder, "away"));
    await listening.until(({ reports }) => reports.length === 1);
    expect(listening.reports[0]?.[0]?.message).toBe("there is no such file or directory");
    mkdirSync(join(folder, "conf"));
    writeFiles(folder, { "conf/policy.yaml": policy(2) });
    await listening.queue(2);
  });

  test("absent from the start", async () => {
    const folder = folderWith({});
    const listening = new Listening({ path: join(folder, "policy.yaml") });
    await listening.until(({ reports }) => reports.length === 1);
    writeFiles(folder, { "policy.yaml": policy(1) });
    await listening.queue(1);
    await listening.until(({ reports }) => reports.length === 2);
    expect(listening.reports[1]).toEqual([]);
  });

  test("a policy that cannot be taken up is reported, and the next one is tried", async () => {
    const folder = folderWith({ "policy.yaml": policy(1) });
    const taken: number[] = [];
    const listening: Listening = new Listening({
      path: join(folder, "policy.yaml"),
      onChange: async ({ policy: next }) => {
        if (next.limits.queue === 1) throw new Error("no memory");
        if (next.limits.queue === 2) await Promise.reject(new TypeError("not fitted"));
        taken.push(next.limits.queue);
      },
    });
    const messages = (): readonly unknown[] => listening.reports.map(([first]) => first?.message);
    await listening.until(({ reports }) => reports.length === 1);
    writeFiles(folder, { "policy.yaml": policy(2) });
    await listening.until(({ reports }) => reports.length === 2);
    writeFiles(folder, { "policy.yaml": policy(3) });
    await listening.until(({ reports }) => reports.length === 3);
    expect(messages()).toEqual([
      "this policy could not be taken up: no memory",
      "this policy could not be taken up: not fitted",
      undefined,
    ]);
    expect(taken).toEqual([3]);
  });

  test("a policy that cannot be taken up is tried again: what it lacked may have come", async () => {
    const folder = folderWith({ "policy.yaml": policy(1) });
    let isThere = false;
    const taken: number[] = [];
    const listening = new Listening({
      path: join(folder, "policy.yaml"),
      retryMs: 5,
      onChange: ({ policy: next }) => {
        if (!isThere) throw new Error("no model");
        taken.push(next.limits.queue);
      },
    });
    await listening.until(({ reports }) => reports.length >= 2);
    isThere = true;
    await listening.until(({ reports }) => reports.at(-1)?.length === 0);
    expect(taken).toEqual([1]);
  });

  test("a listener that throws does not end the watch", async () => {
    const folder = folderWith({ "policy.yaml": "[" });
    let isThrown = false;
    const listening = new Listening({
      path: join(folder, "policy.yaml"),
      onProblems: () => {
        isThrown = true;
        throw new Error("own fault");
      },
    });
    await listening.watch.check();
    expect(isThrown).toBe(true);
    writeFiles(folder, { "policy.yaml": policy(1) });
    await listening.queue(1);
  });
});

describe("what is no change is not handed over", () => {
  test("skips unchanged content: touched, rewritten, or another file of the folder", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    const path = join(listening.folder, "policy.yaml");
    await listening.queue(1);
    utimesSync(path, new Date(), new Date());
    await listening.watch.check();
    writeFileSync(path, policy(1));
    await listening.watch.check();
    writeFiles(listening.folder, { "notes.txt": "hello" });
    await listening.watch.check();
    writeFiles(listening.folder, { "policy.yaml": policy(2) });
    await listening.queue(2);
    expect(listening.queues).toEqual([1, 2]);
  });

  test("ignores a transient state that is gone before it was quiet", async () => {
    const folder = folderWith({ "policy.yaml": policy(1) });
    const path = join(folder, "policy.yaml");
    const listening = new Listening({ path, quietMs: 300, pollMs: 600_000 });
    await listening.queue(1);
    writeFileSync(path, policy(7));
    writeFileSync(path, "[");
    writeFileSync(path, policy(2));
    await listening.queue(2);
    expect(listening.queues).toEqual([1, 2]);
    expect(listening.reports).toEqual([]);
  });

  test("skips empty: a file that is truncated before it is written leaves the policy in use", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    writeFiles(listening.folder, { "policy.yaml": "" });
    await listening.until(({ reports }) => reports.length === 1);
    expect(listening.reports[0]?.[0]?.message).toBe("this policy is empty");
    expect(listening.queues).toEqual([1]);
    writeFiles(listening.folder, { "policy.yaml": policy(2) });
    await listening.queue(2);
  });

  test("does not skip flapping: back and forth is a change each time", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    for (const queue of [2, 1, 2, 1]) {
      writeFiles(listening.folder, { "policy.yaml": policy(queue) });
      await listening.queue(queue);
    }
    expect(listening.queues).toEqual([1, 2, 1, 2, 1]);
  });

  test("a change while one is taken up is not lost, and they are taken up one after the other", async () => {
    const folder = folderWith({ "policy.yaml": policy(1) });
    const path = join(folder, "policy.yaml");
    const steps: string[] = [];
    const said = new EventEmitter();
    const listening = new Listening({
      path,
      onChange: async ({ policy: next }) => {
        const { queue } = next.limits;
        steps.push(`begin ${queue}`);
        if (queue === 1) writeFileSync(path, policy(2));
        await new Promise((resolve) => setImmediate(resolve));
        steps.push(`end ${queue}`);
        said.emit("said");
      },
    });
    while (!steps.includes("end 2")) await once(said, "said");
    expect(steps).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
    expect(listening.reports).toEqual([]);
  });

  test("files that do not come to rest are left alone until they do", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    const reading = listening.watch.check().then(() => "done");
    const pause = (): Promise<string> => new Promise((resolve) => setImmediate(resolve, "busy"));
    let queue = 1;
    do {
      queue += 1;
      writeFiles(listening.folder, { "policy.yaml": policy(queue) });
    } while ((await Promise.race([reading, pause()])) === "busy");
    expect(listening.queues).toEqual([1]);
    await listening.queue(queue);
  });

  test("under stress: of hundreds of writes the last one is in use, and none is torn", async () => {
    const folder = folderWith({ "a.yaml": "", "b.yaml": "" });
    const pair = (queue: number): Record<string, string> => ({
      "a.yaml": policy(queue),
      "b.yaml": `cache: { max_entries: ${queue} }\n`,
    });
    swap(folder, "v1", pair(1));
    for (const name of ["a.yaml", "b.yaml"]) {
      unlinkSync(join(folder, name));
      symlinkSync(`..data/${name}`, join(folder, name));
    }
    const torn: number[] = [];
    const taken: number[] = [];
    const said = new EventEmitter();
    const listening = new Listening({
      path: folder,
      quietMs: 5,
      onChange: ({ policy: next }) => {
        taken.push(next.limits.queue);
        if (next.limits.queue !== next.store.maxEntries) torn.push(next.limits.queue);
        said.emit("said");
      },
    });
    for (let queue = 2; queue <= 300; queue += 1) {
      swap(folder, `v${queue}`, pair(queue));
      void listening.watch.check();
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (taken.at(-1) !== 300) await once(said, "said");
    expect(torn).toEqual([]);
    expect(taken).toEqual(taken.toSorted((one, other) => one - other));
    expect(listening.reports).toEqual([]);
  });
});

describe("a closed watch", () => {
  test("says nothing more, also of what it was just reading", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    await listening.queue(1);
    writeFiles(listening.folder, { "policy.yaml": policy(2) });
    const reading = listening.watch.check();
    listening.watch.close();
    await reading;
    await listening.watch.check();
    expect(listening.queues).toEqual([1]);
    expect(readFileSync(join(listening.folder, "policy.yaml"), "utf8")).toBe(policy(2));
  });

  test("can be closed at once and twice", async () => {
    const listening = listenTo({ "policy.yaml": policy(1) });
    listening.watch.close();
    listening.watch.close();
    await listening.watch.check();
    expect(listening.queues).toEqual([]);
  });
});
