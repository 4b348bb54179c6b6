/** Alerts as a real Prometheus saw them, minute by minute of the hour. */
import type { Prometheus } from "../../test/support/prometheus.ts";

/** Since when an alert fired, and until when; minutes of the hour. */
export interface Fired {
  readonly alert: string;
  readonly from: number;
  readonly until: number | null;
}

/** Keeps each alert's first and last minute. */
export class AlertBook {
  readonly #prometheus: Prometheus;
  readonly #open = new Map<string, number>();
  readonly #closed: Fired[] = [];

  constructor(prometheus: Prometheus) {
    this.#prometheus = prometheus;
  }

  /** What fires now; told are those that began or ended since it was asked last. */
  async read(minute: number): Promise<{ began: string[]; ended: string[]; firing: string[] }> {
    const found = await this.#prometheus.query('ALERTS{alertstate="firing"}');
    const firing = [...new Set(found.map(({ labels }) => labels["alertname"] ?? ""))].toSorted();
    const began = firing.filter((alert) => !this.#open.has(alert));
    for (const alert of began) this.#open.set(alert, minute);
    const ended = [...this.#open.keys()].filter((alert) => !firing.includes(alert));
    for (const alert of ended) this.#close(alert, minute);
    return { began, ended, firing };
  }

  get fired(): readonly Fired[] {
    const open = [...this.#open].map(([alert, from]) => ({ alert, from, until: null }));
    return [...this.#closed, ...open].toSorted((one, other) => one.from - other.from);
  }

  #close(alert: string, until: number): void {
    this.#closed.push({ alert, from: this.#open.get(alert) ?? until, until });
    this.#open.delete(alert);
  }
}
