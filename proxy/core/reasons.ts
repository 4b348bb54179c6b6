/** The closed table of reasons: every decision carries exactly one, and docs/reasons.md lists them all. */

/** Reason codes with the sentence that users read. */
export const reasons = {
  answered_template: "A route's template answered the call in the pod.",
  answered_faq: "A frequently asked question matched and its answer was given in the pod.",
  answered_label: "A classification call was answered in the pod with the model's label.",
  answered_generated: "A text-generation model of the user's own answered the call in the pod.",
  answered_outage: "The provider is down and a route for outages answered the call.",
  cache_hit: "An identical call was answered before and its stored reply is still fresh.",
  stale_answer:
    "The provider is down, or told this credential to wait, and a stored reply within the outage window was served.",

  route_forward: "A route of the policy sends this call to the cloud.",
  no_route_matched:
    "No route but a closing one for everything else matched, so the call went to the caller's own provider.",
  observe_mode:
    "The policy or the caller only observes: the decision was recorded, the call forwarded.",
  emergency_stop:
    "An operator switched answering off: the decision was recorded, the call forwarded.",
  random_cloud:
    "The call could have been answered in the pod and was left to the cloud, so that the two answers can be compared.",
  agreement_low:
    "Too many of the route's answers differed from the cloud's, so the route only observes until it is changed or resumed.",
  bypass_requested: "The caller asked for no inspection at all.",
  denied_by_policy: "The policy's deny list forbids a local answer for this call.",
  refused_by_policy: "A route of the policy refuses this call.",

  caller_unknown:
    "The call carries no key of a caller that the policy names, so it was neither read nor forwarded.",
  stopping:
    "The process was told to stop, and its time was over before the provider had begun to answer.",
  request_invalid: "The request's framing is ambiguous or broken, so it was not forwarded.",
  protocol_not_read: "The path, method or protocol is not one that Sidestep reads.",
  body_too_large: "The body is larger than limits.inspect, so it was forwarded unread.",
  reading_full:
    "Too many calls, or too many bytes of them, were being read along, so it was forwarded unread.",
  memory_low:
    "The process was near its memory limit, so the call was forwarded unread and its reply was not kept.",
  body_encoding_unknown: "The body is compressed in a way that Sidestep does not read.",
  body_unreadable: "The body is not a readable request of its protocol.",

  tools_present: "The call offers tools or its history used them: the caller expects actions.",
  stored_state: "The call stores or continues state at the provider.",
  not_text_only: "The call carries or asks for more than text.",
  sampling_contract: "The call asks for something only the model's sampler can honour.",
  stateful_feature: "The call uses a paid or stateful provider feature.",
  last_turn_not_user: "The last turn is not a user's, so there is no question to answer.",
  parameter_unknown: "The call carries a parameter that Sidestep does not know.",

  below_confidence: "The model was not sure enough for any answering route.",
  above_max_wrong: "The estimated share of wrong answers is above the route's max_wrong.",
  too_complex: "The call is more complex than every matching route allows.",
  system_not_listed:
    "No answering route lists the system prompt of the call, or takes a call that has none.",
  history_not_allowed: "The conversation has more turns than every matching route allows.",
  language_unknown: "The text is in a language or script that the model was not trained on.",
  injection_suspected: "The text seems to attack instructions, so nothing was answered locally.",

  model_unavailable: "No local model is loaded, so nothing could be answered by model.",
  decision_timeout: "The local model did not answer within limits.decision.",
  queue_full: "Too many calls were waiting for the local model.",

  template_slot_missing: "A template needs a value that the call does not contain.",
  template_language_missing: "The template has no text in the caller's language.",
  faq_no_match: "No frequently asked question is similar enough.",
  faq_ambiguous: "Two questions with different answers are about equally similar.",
  guard_mismatch: "The matched question differs in a number, name, negation, unit or scope word.",
  generator_unavailable: "The route's text-generation model is not loaded, or failed on this call.",
  generation_timeout: "The route's text-generation model was not done within the route's timeout.",
  generation_unfinished: "The generated text was empty, or had not come to its end at its bound.",
  prompt_too_long: "The call is longer than the route's text-generation model takes.",
  label_unsure: "The model's label is below the route's confidence.",
  label_format_unknown:
    "The form in which the application wants the label could not be determined.",
  label_not_offered: "The application does not list the label that the model chose.",
  label_foreign: "The application offers a label that the model does not know.",
  label_text_unclear: "Which part of the call is to be classified could not be determined.",
  label_contradicted: "An example in the call gives the same text another label.",
  answer_too_long: "The answer is longer than the caller's token limit.",
  format_unsatisfied:
    "The local answer does not satisfy the response format that the caller asked for.",

  upstream_unreachable: "The provider could not be reached.",
  upstream_timeout: "The provider did not answer in time.",
  upstream_reset: "The provider broke the connection before its answer began.",
  upstream_invalid: "The provider's answer was not valid HTTP.",
  breaker_open: "The provider's breaker is open and there was something to fall back on.",
  caller_gone: "The caller went away before the answer began.",
  target_unsuitable:
    "The target does not exist, does not speak the caller's protocol, or would change a compressed body, so it was not used.",
  no_provider: "The policy names no provider for this path, so there was nowhere to forward to.",
  fault_contained: "A fault inside Sidestep was contained and the call forwarded.",
} as const;

/** One of the closed table's codes. */
export type ReasonCode = keyof typeof reasons;
