/** Settled calls as server-sent events for pages that are open; costs nothing while none is, and never waits for one. */
import type { ServerResponse } from "node:http";
import type { DecisionRecord } from "../core/decision.ts";
import type { DecisionRing } from "../telemetry/decision-ring.ts";
import { flatRecord } from "../telemetry/record-json.ts";
import { matches, type RecordFilter } from "../telemetry/record-filter.ts";

/** What a page asks for. */
export interface FeedRequest {
  readonly filter: RecordFilter;
  /** Id of the last event that the page saw before it lost its connection; null for a new page. */
  readonly after: string | null;
}

/** Times and bounds; each has a default. */
export interface FeedOptions {
  /** Calls are gathered for this long, so that many make one event. */
  readonly gatherMs?: number;
  readonly beatMs?: number;
  /** Most rows of one event; the newest are shown, the others counted. */
  readonly mostRows?: number;
  readonly mostPages?: number;
  /** A page that leaves more than this unread is let go; it comes back when it can. */
  readonly mostUnreadBytes?: number;
}

interface Page {
  readonly response: ServerResponse;
  readonly filter: RecordFilter;
  /** Number of the last call that was looked at for it. */
  seen: number;
}

/** Events from one ring. Nothing is queued for a page but what its socket holds. */
export class EventFeed {
  readonly #ring: DecisionRing;
  readonly #options: Required<FeedOptions>;
  /** Numbers of another process mean nothing here. */
  readonly #run: string = Date.now().toString(36);
  readonly #pages: Set<Page> = new Set();
  #gathering: NodeJS.Timeout | null = null;
  #beat: NodeJS.Timeout | undefined;

  constructor(ring: DecisionRing, options: FeedOptions = {}) {
    this.#ring = ring;
    const bounds = { mostRows: 100, mostPages: 16, mostUnreadBytes: 262_144 };
    this.#options = { gatherMs: 250, beatMs: 15_000, ...bounds, ...options };
  }

  /** Pages that follow now. */
  get pages(): number {
    return this.#pages.size;
  }

  get isFull(): boolean {
    return this.#pages.size >= this.#options.mostPages;
  }

  /** A call was settled and is in the ring. */
  record(_record: DecisionRecord): void {
    if (this.#pages.size === 0 || this.#gathering !== null) return;
    this.#gathering = setTimeout(() => this.#flush(), this.#options.gatherMs).unref();
  }

  /** Something of the policy, the mode or the model is not what it was: pages ask again. */
  changed(): void {
    for (const page of this.#pages) this.#write(page, "event: state\ndata: {}\n\n");
  }

  /** Takes over a reply whose head has been sent. */
  open(response: ServerResponse, { filter, after }: FeedRequest): void {
    const page: Page = { response, filter, seen: this.#numberIn(after) };
    this.#pages.add(page);
    response.once("close", () => this.#forget(page));
    this.#beat ??= setInterval(() => this.#beatAll(), this.#options.beatMs).unref();
    this.#write(page, "retry: 2000\n\n");
    this.#tell(page, true);
  }

  #flush(): void {
    this.#gathering = null;
    for (const page of this.#pages) this.#tell(page, false);
  }

  #beatAll(): void {
    for (const page of this.#pages) this.#write(page, ": still here\n\n");
  }

  /** A page is told at its beginning that there is nothing, and later only what there is. */
  #tell(page: Page, isFirst: boolean): void {
    const { count } = this.#ring;
    const found = this.#ring.after(page.seen).filter((record) => matches(page.filter, record));
    const shown = found.slice(0, this.#options.mostRows);
    page.seen = count;
    if (found.length === 0 && !isFirst) return;
    const calls = shown.map(rowOf);
    const data = JSON.stringify({ calls, skipped: found.length - shown.length, total: count });
    this.#write(page, `id: ${this.#run}.${count}\nevent: calls\ndata: ${data}\n\n`);
  }

  #write(page: Page, text: string): void {
    const { response } = page;
    if (response.writableLength > this.#options.mostUnreadBytes) {
      this.#forget(page);
      response.destroy();
      return;
    }
    response.write(text);
  }

  #forget(page: Page): void {
    this.#pages.delete(page);
    if (this.#pages.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = null;
  }

  /** Where a page goes on: after what it saw, or with all that is remembered. */
  #numberIn(after: string | null): number {
    const [run, number] = (after ?? "").split(".");
    const seen = run === this.#run ? Number(number) : 0;
    return Number.isInteger(seen) && seen >= 0 ? Math.min(seen, this.#ring.count) : 0;
  }
}

function rowOf(record: DecisionRecord): object {
  return { at: record.at, ...flatRecord(record) };
}
