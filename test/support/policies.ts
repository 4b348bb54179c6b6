/** Policies that several specifications share. */

/** A support desk with greeting, intents and FAQ, in front of one simulated cloud. */
export function supportPolicy(cloud: string, more = ""): string {
  return `version: 1
mode: enforce
model: support-v1
providers:
  openai: { url: ${cloud}/v1 }
  anthropic: { url: ${cloud} }
limits: { decision: 2s }
intents:
  refund_policy:
    - can I get my money back
    - how do refunds work
    - what is your refund policy
    - am I able to return something for a refund
    - do you give refunds
  opening_hours:
    - when are you open
    - what are your opening hours
    - what time do you close
    - are you open on weekends
    - what hours is the store open
routes:
  - name: greeting
    when: { task: greeting, confidence: ">= 0.8", system: any }
    answer: { template: { en: "Hello! How can I help you today?", "*": "Hello!" } }
  - name: refunds
    when: { intent: refund_policy, confidence: ">= 0.8", system: { contains: "Acme support" } }
    answer: { template: "Refunds take five days." }
  - name: hours
    when: { intent: opening_hours, confidence: ">= 0.8", system: { contains: "Acme support" } }
    answer: { template: "We are open from 9 to 17." }
  - name: sentiment
    when: { system: { contains: "Classify the sentiment" } }
    answer: { label: sentiment, confidence: ">= 0.5" }
  - name: everything-else
    forward: {}
${more}`;
}
