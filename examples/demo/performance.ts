/** The running demo: makes calls, shows each in the table, checks it, and remembers everything for the summary. */

import type { Application } from "./application.ts";
import { complaint } from "./call.ts";
import type { Call, Expectation, Outcome } from "./call.ts";
import { callLine, headLine } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export interface Performed {
  readonly call: Call;
  readonly outcome: Outcome;
}

export class Performance {
  readonly performed: Performed[] = [];
  /** What was not as expected; the demo fails when there is anything. */
  readonly complaints: string[] = [];
  readonly terminal: Terminal;
  readonly #application: Application;
  readonly #costOf: (requestId: string) => Promise<number | null>;

  constructor(
    terminal: Terminal,
    application: Application,
    costOf: (requestId: string) => Promise<number | null>,
  ) {
    this.terminal = terminal;
    this.#application = application;
    this.#costOf = costOf;
  }

  chapter(title: string): void {
    this.terminal.write(`\n${this.terminal.paint("bold", title)}\n`);
  }

  columns(): void {
    this.terminal.write(headLine(this.terminal));
  }

  say(text: string): void {
    this.terminal.write(`${text}\n`);
  }

  /** Makes a call, shows it, and holds it against what is expected. */
  async play(call: Call, expected: Expectation): Promise<Outcome> {
    const outcome = await this.#made(call);
    this.terminal.write(callLine(this.terminal, call, outcome));
    const fault = complaint(outcome, expected);
    if (fault !== null) this.complain(`"${call.text.slice(0, 60)}": ${fault}`);
    return outcome;
  }

  /** Makes a call without showing it, for waiting; it does not count in the summary. */
  probe(call: Call): Promise<Outcome> {
    return this.#application.call(call);
  }

  expect(isMet: boolean, what: string): void {
    if (!isMet) this.complain(what);
  }

  complain(text: string): void {
    this.complaints.push(text);
    this.terminal.write(`${this.terminal.paint("red", `  not as expected: ${text}`)}\n`);
  }

  /** The cost of a forwarded call stands in its record once its last byte has passed. */
  async #made(call: Call): Promise<Outcome> {
    const outcome = await this.#application.call(call);
    const isOpen = outcome.decision === "forwarded" && outcome.costUsd === null;
    const costUsd = isOpen ? await this.#costOf(outcome.requestId) : outcome.costUsd;
    const whole = { ...outcome, costUsd };
    this.performed.push({ call, outcome: whole });
    return whole;
  }
}
