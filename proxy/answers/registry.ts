/** The table of answer strategies, by the kind of a route's answer; assemble.ts hands it to the layers. */
import type { AnswerSpec } from "../core/policy.ts";
import type { AnswerContext, Answerer, Said } from "../core/ports.ts";
import { faq } from "./faq.ts";
import { label } from "./label.ts";
import { template } from "./template.ts";

/** One file a strategy, one line here. */
export const answerer: Answerer = {
  answerWith: (spec, context) => Promise.resolve(say(spec, context)),
};

function say(spec: AnswerSpec, context: AnswerContext): Said {
  switch (spec.kind) {
    case "template":
      return template(spec, context);
    case "faq":
      return faq(spec, context);
    case "label":
      return label(spec, context);
  }
}
