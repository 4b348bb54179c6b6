/** What containers answer a greeting by, with the model and without it; everything else goes on. */

/** By the model's word for it. */
export const byModel = `mode: enforce
model: support-v1
routes:
  - name: greeting
    when: { task: [greeting], confidence: ">= 0.9" }
    answer: { template: "Hello from the pod." }
  - name: rest
    forward: {}
`;

/** The same by a rule that needs no model. */
export const byRule = `mode: enforce
model: null
routes:
  - name: greeting
    when: { text: "^hello$" }
    answer: { template: "Hello from the pod." }
  - name: rest
    forward: {}
`;
