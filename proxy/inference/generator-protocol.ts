/** Messages between the event loop and a text-generation thread. */
import type { ChatMessage } from "../core/ports.ts";

/** What a text-generation thread is started with. */
export interface GenerateStart {
  readonly role: "generate";
  /** The route's `model:`. */
  readonly model: string;
  /** Folder that relative names start from, the bundled folder, and folders with hub models. */
  readonly base: string;
  readonly bundled: string;
  readonly hubRoots: readonly string[];
  readonly threads: number;
  /** One number: the id of the task that nobody waits for any more. */
  readonly cancelled: SharedArrayBuffer;
}

/** One text to write. */
export interface GenerateTask {
  readonly id: number;
  readonly messages: readonly ChatMessage[];
  /** What a model without a chat template reads. */
  readonly plain: string;
  /** What the caller wrote of all this. */
  readonly fromCaller: readonly string[];
  readonly maxTokens: number;
  readonly stop: readonly string[];
}

/** How a text ended: whole, at its bound, given up, or not begun for what the prompt is. */
export interface GeneratedText {
  readonly text: string;
  readonly ending: "whole" | "bound" | "cancelled" | "prompt_too_long" | "injection_suspected";
}

/** From the text-generation thread, besides what every thread reports. */
export interface GeneratedReport {
  readonly kind: "generated";
  readonly id: number;
  readonly generated: GeneratedText;
}
