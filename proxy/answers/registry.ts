/** The table of answer strategies, by the kind of a route's answer; assemble.ts hands it to the layers. */
import type { AnswerSpec } from "../core/policy.ts";
import type { AnswerContext, Answerer, Generator, Said } from "../core/ports.ts";
import { faq } from "./faq.ts";
import { generate } from "./generate.ts";
import { label } from "./label.ts";
import { template } from "./template.ts";

/** The strategies over the policy's text-generation models: one file a strategy, one line here. */
export function answererOf(generator: Generator): Answerer {
  return { answerWith: async (spec, context) => say(spec, context, generator) };
}

function say(spec: AnswerSpec, context: AnswerContext, generator: Generator): Said | Promise<Said> {
  switch (spec.kind) {
    case "template":
      return template(spec, context);
    case "faq":
      return faq(spec, context);
    case "label":
      return label(spec, context);
    case "generate":
      return generate(spec, context, generator);
  }
}
