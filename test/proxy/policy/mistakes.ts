/** Mistakes that people make in policy files, each with the place and the words of its problem; problems.test.ts reads it. */
import { routePolicy } from "./fixture.ts";

/** What is wrong, the text with "¦" before the place, and the problem's message. */
export type Mistake = readonly [what: string, text: string, message: string];

function when(conditions: string): string {
  return routePolicy(`{ ${conditions} }`, "forward: {}");
}

function answer(spec: string): string {
  return routePolicy("{ text: hi }", `answer: { ${spec} }`);
}

export const mistakes: readonly Mistake[] = [
  [
    "an unknown top-level key",
    "version: 1\n¦limit: {}\n",
    "unknown key `limit`; did you mean `limits`?",
  ],
  [
    "an unknown key that is near none",
    "version: 1\n¦zzzzzzzz: 1\n",
    "unknown key `zzzzzzzz`; the nearest known one is `version`",
  ],
  [
    "an unknown key in a route",
    "routes:\n  - { name: a, ¦forwrd: {}, forward: {} }\n",
    "unknown key `forwrd`; did you mean `forward`?",
  ],
  [
    "an unknown key in a condition",
    when('¦confidense: ">= 0.9", task: faq'),
    "unknown key `confidense`; did you mean `confidence`?",
  ],
  [
    "a host that two providers have",
    "providers:\n  a: { url: http://a, hosts: [a:80] }\n  b: { url: http://b, hosts: ¦[A] }\n",
    "a is `a`'s already",
  ],
  ["an unknown version", "version: ¦2\n", "this program reads version 1"],
  [
    "a word that is none of those",
    "mode: ¦enforc\n",
    "expected one of `enforce`, `observe`; did you mean `enforce`?",
  ],
  ["another kind than a word", "mode: ¦[a]\n", "expected one of `enforce`, `observe`"],
  ["a list for a map", "limits: ¦[1]\n", "expected a map, found a list"],
  ["nothing for a map", "limits:¦\n", "expected a map, found nothing"],
  ["a map for a list", "routes: ¦{}\n", "expected a list, found a map"],
  ["a list of intents", "intents: ¦[hello]\n", "expected a map, found a list"],
  ["a number for text", "targets: [{ name: a, provider: ¦3 }]\n", "expected text, found a number"],
  [
    "a truth value for text",
    "targets: [{ name: a, provider: ¦true }]\n",
    "expected text, found true or false",
  ],
  ["empty text", 'model: ¦""\n', "this text is empty"],
  [
    "text for a truth value",
    'outage: { answer: ¦"yes" }\n',
    "expected true or false, found a text",
  ],
  ["a missing name", "routes:\n  - ¦forward: {}\n", "the key `name` is missing"],
  [
    "a name that is none",
    "routes:\n  - { name: ¦1st, forward: {} }\n",
    "a name begins with a letter and goes on with at most 63 letters, digits, dots, hyphens or underscores",
  ],
  ["an empty list", when("task: ¦[]"), "this list is empty"],
  [
    "an empty condition in any",
    when("any: [¦{}]"),
    "this condition is empty and would hold for every call",
  ],
  ["an empty deny rule", "deny: [¦{}]\n", "this condition is empty and would hold for every call"],
  [
    "a duration without a unit",
    "limits: { decision: ¦50 }\n",
    'expected a duration such as "30s", found a number',
  ],
  [
    "a duration with an unknown unit",
    "limits: { decision: ¦50y }\n",
    'expected a duration such as "150ms", "30s" or "24h"',
  ],
  ["a duration out of range", "limits: { decision: ¦1h }\n", "expected a duration from 1ms to 10s"],
  [
    "a size that is none",
    "limits: { inspect: ¦1 megabyte }\n",
    'expected a size such as "64KiB" or "10MB"',
  ],
  ["a size out of range", "limits: { inspect: ¦1B }\n", "expected 1024B to 64MiB"],
  ["a size of half a byte", "limits: { inspect: ¦2000.5 }\n", "expected whole bytes"],
  [
    "a whole number out of range",
    "limits: { queue: ¦0 }\n",
    "expected a whole number from 1 to 10000",
  ],
  ["a huge number", "limits: { queue: ¦1e999 }\n", "expected a whole number from 1 to 10000"],
  [
    "a number that is none",
    "limits: { queue: ¦.nan }\n",
    "expected a whole number, found no number",
  ],
  [
    "a weight out of range",
    "complexity: { weights: { length: ¦2 } }\n",
    "expected a number from 0 to 1",
  ],
  [
    "weights that weigh nothing",
    "complexity: { weights: ¦{ length: 0 } }\n",
    "at least one weight must be above 0",
  ],
  [
    "a share without a percent sign",
    when("task: faq, max_wrong: ¦0.005"),
    'expected a percent up to 100%, such as "0.5%", found a number',
  ],
  [
    "a share above all",
    when("task: faq, max_wrong: ¦101%"),
    'expected a percent up to 100%, such as "0.5%"',
  ],
  ["a share of nothing", when("task: faq, max_wrong: ¦0%"), "expected more than 0%"],
  [
    "a comparison that is none",
    when("task: faq, confidence: ¦high"),
    'expected a comparison such as ">= 0.90"',
  ],
  [
    "a comparison out of range",
    when('task: faq, confidence: ¦">= 1.2"'),
    "expected a number from 0 to 1",
  ],
  [
    "a comparison that could mean either way",
    when("complexity: ¦0.5"),
    'expected a comparison such as ">= 0.90"; a number alone does not say which way',
  ],
  ["the same as text", when('complexity: ¦"0.5"'), 'expected a comparison such as ">= 0.90"'],
  ["half a turn", when('turns: ¦"<= 1.5"'), "expected a whole number"],
  [
    "a list for a comparison",
    when("turns: ¦[1]"),
    'expected a comparison such as "<= 3", found a list',
  ],
  [
    "a system rule that is none",
    when("system: ¦some"),
    "expected one of `any`, `none`; did you mean `none`?",
  ],
  [
    "a system rule of the wrong kind",
    when("system: ¦3"),
    "expected `any`, `none`, or a map with `contains` or `sha256`, found a number",
  ],
  [
    "a system rule that says two things",
    when(
      'system: ¦{ contains: a, sha256: "0000000000000000000000000000000000000000000000000000000000000000" }',
    ),
    "expected exactly one of `contains` and `sha256`",
  ],
  [
    "a system rule that says nothing",
    when("system: ¦{}"),
    "expected exactly one of `contains` and `sha256`",
  ],
  ["a hash that is none", when("system: { sha256: ¦abc }"), "expected 64 hexadecimal digits"],
  [
    "a language that is none",
    when("language: ¦english"),
    'expected a language\'s two or three letters, such as "en"',
  ],
  [
    "a header's name that is none",
    when("header: { ¦'x y': a }"),
    "this is not the name of a header",
  ],
  [
    "a regular expression that is none",
    when('text: ¦"(a"'),
    "this is not a regular expression (Unterminated group)",
  ],
  [
    "an unknown task",
    when("task: [faq, ¦greting]"),
    "expected one of `greeting`, `faq`, `order_status`, `product_search`, `recommendation`, `comparison`, `translation`, `summarization`, `math`, `code`, `creative`, `discussion`, `other`; did you mean `greeting`?",
  ],
  ["an unknown intent", when("intent: ¦refund"), "the policy has no intent `refund`"],
  [
    "an unknown keyword group",
    "complexity: { keywords: { angry: [mad] } }\nroutes:\n  - name: only\n    when: { keywords: [¦angri] }\n    forward: {}\n",
    "the policy has no keyword group `angri`; did you mean `angry`?",
  ],
  [
    "an unknown target",
    "routes:\n  - name: only\n    when: {}\n    forward: { target: ¦x }\n",
    "the policy has no target `x`",
  ],
  [
    "an unknown provider",
    "providers: { own: { url: http://h } }\ntargets: [{ name: a, provider: ¦owm }]\n",
    "the policy has no provider `owm`; did you mean `own`?",
  ],
  [
    "a default provider that is none",
    "targets: [{ name: a, provider: ¦google }]\n",
    "the policy has no provider `google`",
  ],
  [
    "two routes of one name",
    "routes:\n  - { name: a, forward: {} }\n  - { name: ¦a, forward: {} }\n",
    "the name `a` is taken",
  ],
  [
    "two targets of one name",
    "targets:\n  - { name: a, provider: openai }\n  - { name: ¦a, provider: openai }\n",
    "the name `a` is taken",
  ],
  [
    "a parameter that makes up the call",
    "targets: [{ name: a, provider: openai, params: { ¦stream: true } }]\n",
    "`stream` makes up the call and cannot be put in by a target",
  ],
  [
    "a route that does nothing",
    "routes: [¦{ name: a }]\n",
    "a route does exactly one of `answer`, `forward` and `refuse`",
  ],
  [
    "a route that does two things",
    "routes: [¦{ name: a, forward: {}, refuse: {} }]\n",
    "a route does exactly one of `answer`, `forward` and `refuse`",
  ],
  [
    "a status that is no refusal",
    "routes: [{ name: a, refuse: { status: ¦200 } }]\n",
    "expected a whole number from 400 to 599",
  ],
  [
    "an answer that says nothing",
    "routes:\n  - name: only\n    when: { text: hi }\n    answer: ¦{  }\n",
    "an answer is exactly one of `template`, `faq`, `label` and `generate`",
  ],
  [
    "an answer in two ways",
    "routes:\n  - name: only\n    when: { text: hi }\n    answer: ¦{ template: a, label: task }\n",
    "an answer is exactly one of `template`, `faq`, `label` and `generate`",
  ],
  [
    "a key of another kind of answer",
    answer("template: a, ¦format: '{label}'"),
    "`format` does not go with `template`",
  ],
  ["a template without a text", answer("template: ¦{}"), "this template has no text"],
  ["an empty template", answer("template: ¦' '"), "this text is empty"],
  [
    "a template's language that is none",
    answer("template: { ¦English: Hi }"),
    'expected a language\'s two or three letters, such as "en", or "*" for every language',
  ],
  [
    "a slot that is not there",
    answer("template: ¦'Order {order}', slots: { odrer: '\\d+' }"),
    "`slots` has no `order`; did you mean `odrer`?",
  ],
  [
    "a slot that is not there in one language",
    answer("template: { en: Hi, fr: ¦'Bon {jour}' }"),
    "`slots` has no `jour`",
  ],
  [
    "a label that the head does not have",
    answer("label: sentiment, labels: { ¦positiv: good }"),
    "`sentiment` has no label `positiv`; did you mean `positive`?",
  ],
  [
    "an intent label without intents",
    answer("label: ¦intent"),
    "the policy has no intents to label with",
  ],
  [
    "one label of one's own",
    answer("label: ¦{ urgent: now }"),
    "labels of your own are at least two",
  ],
  [
    "a label to be given that there is not",
    answer("label: sentiment, among: [positive, ¦negativ]"),
    "`sentiment` has no label `negativ`; did you mean `negative`?",
  ],
  [
    "a word for a label that is not to be given",
    answer("label: { urgent: now, normal: later }, among: urgent, labels: { ¦normal: 1 }"),
    "`label` has no label `normal`; the nearest known one is `urgent`",
  ],
  [
    "an unknown kind of label",
    answer("label: ¦sentimant"),
    "expected one of `task`, `sentiment`, `intent`, `language`, `escalation`; did you mean `sentiment`?",
  ],
  [
    "a format without the label",
    answer("label: sentiment, format: ¦'{}'"),
    "`format` needs `{label}` where the label goes",
  ],
  [
    "a label's confidence from above",
    answer('label: sentiment, confidence: ¦"<= 0.9"'),
    'a least confidence is written ">= 0.90" or "> 0.90"',
  ],
  [
    "a FAQ that is not there",
    answer("faq: ¦none.yaml"),
    "the FAQ `none.yaml` cannot be read: there is no such file or directory",
  ],
  [
    "an identity that is none",
    "cache: { identity: ¦cookie }\n",
    "expected `protocol`, `body.user`, `body.metadata.user_id` or `header NAME`",
  ],
  ["a cache that is none", "cache: ¦on\n", "expected one of `off`, `exact`; did you mean `off`?"],
  ["a cache of the wrong kind", "cache: ¦1\n", "expected `off`, `exact` or a map, found a number"],
  [
    "a URL of another scheme",
    "providers: { openai: { url: ¦ftp://h } }\n",
    "expected a URL that begins with http:// or https://",
  ],
  ["a URL that is none", 'providers: { openai: { url: ¦"http://" } }\n', "this is not a URL"],
  [
    "a URL with a password",
    'providers: { openai: { url: ¦"http://u:p@h" } }\n',
    "a URL with a user name or password is not taken; use `key`",
  ],
  [
    "a base URL with a query",
    'providers: { openai: { url: ¦"http://h?a=1" } }\n',
    "a base URL has no `?` and no `#`",
  ],
  ["a provider without a URL", "providers: { own: ¦{} }\n", "the provider `own` needs a `url`"],
  [
    "a provider named like a version",
    "providers: { ¦v1: { url: http://h } }\n",
    "a provider's name is lower-case letters, digits, - and _, and not a version such as v1",
  ],
  [
    "a date that is none",
    "prices: { m: { input: 1, output: 1, as_of: ¦2026-13-01 } }\n",
    "expected a date such as 2026-11-01",
  ],
  [
    "a sentence that means and does not mean",
    "intents: { a: { examples: [Hi there], not: [¦hi there] } }\n",
    "this sentence is an example of the same intent",
  ],
  [
    "an intent of the wrong kind",
    "intents: { a: ¦1 }\n",
    "expected a sentence, a list of sentences, or a map with `examples`, found a number",
  ],
  ["a top level that is no map", "¦- 1\n", "a policy is a map of keys such as `routes`"],
  [
    "a key that stands twice",
    "mode: observe\n¦mode: enforce\n",
    "the key `mode` stands here a second time; first at 1:1",
  ],
  ["a key that is no text", "? ¦[a]\n: b\n", "this cannot be a key; a key is a text"],
  [
    "a key that objects have",
    "intents: { ¦constructor: [a] }\n",
    "this cannot be a key; a key is a text",
  ],
  ["an empty key", '¦"": 1\n', "this cannot be a key; a key is a text"],
  ["an alias without an anchor", "mode: ¦*own\n", "no anchor `own` stands before this alias"],
  [
    "an alias inside its own anchor",
    "x-a: &a [¦*a]\nmode: observe\n",
    "the alias `a` stands inside what it refers to",
  ],
  [
    "a merge of what is no map",
    "limits: { <<: ¦1 }\n",
    "`<<` takes the alias of a map, or a list of them",
  ],
  ["a tag that is unknown", "mode: ¦!secret abc\n", "Unresolved tag"],
  ["binary data", "mode: !!binary ¦aGVsbG8=\n", "this kind of value has no use here"],
  [
    "a second document",
    "mode: observe\n¦---\nmode: enforce\n",
    "one document a file; put the second one into its own",
  ],
  [
    "a variable that is not set",
    "mode: ¦${MODE}\n",
    "the environment has no variable MODE; set it, or give a default: ${MODE:-...}",
  ],
  [
    "a place that is malformed",
    'model: ¦"${a b}"\n',
    "expected ${NAME} or ${NAME:-default}, not nested; write $${ for a literal ${",
  ],
];
