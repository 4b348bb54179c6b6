/** Labels of different sets that mean the same, so that no simulated call is counted wrong over a difference of names. */

// Read off by hand from the pairs of labels whose sentences are nearest on the whole.
const groups: readonly (readonly string[])[] = [
  ["clinc150/who_do_you_work_for", "smalltalk/agent.boss", "smalltalk/agent.occupation"],
  ["clinc150/card_declined", "banking77/declined_card_payment", "banking77/card_not_working"],
  ["clinc150/report_lost_card", "banking77/lost_or_stolen_card", "banking77/compromised_card"],
  ["clinc150/report_fraud", "banking77/compromised_card", "banking77/card_payment_not_recognised"],
  ["clinc150/damaged_card", "banking77/card_not_working", "banking77/lost_or_stolen_card"],
  ["clinc150/where_are_you_from", "smalltalk/agent.origin", "smalltalk/agent.residence"],
  ["clinc150/pin_change", "banking77/change_pin", "banking77/pin_blocked"],
  ["clinc150/pin_change", "banking77/get_physical_card"],
  ["clinc150/pay_bill", "natcs/PayBill"],
  ["clinc150/thank_you", "smalltalk/appraisal.thank_you"],
  [
    "clinc150/replacement_card_duration",
    "banking77/card_arrival",
    "banking77/card_delivery_estimate",
  ],
  ["clinc150/expiration_date", "banking77/card_about_to_expire"],
  ["clinc150/replacement_card_duration", "banking77/card_about_to_expire"],
  ["clinc150/new_card", "banking77/order_physical_card", "banking77/getting_spare_card"],
  ["clinc150/transfer", "banking77/transfer_into_account", "banking77/receiving_money"],
  ["clinc150/international_fees", "banking77/card_payment_fee_charged"],
  ["clinc150/exchange_rate", "banking77/exchange_rate"],
  ["clinc150/find_phone", "banking77/lost_or_stolen_phone"],
  ["clinc150/yes", "smalltalk/confirmation.yes", "smalltalk/agent.right"],
  ["clinc150/no", "smalltalk/confirmation.no"],
  ["clinc150/cancel", "smalltalk/confirmation.cancel"],
  ["clinc150/goodbye", "smalltalk/greetings.bye", "smalltalk/greetings.goodnight"],
  ["clinc150/how_old_are_you", "smalltalk/agent.age", "smalltalk/agent.birth_date"],
  ["clinc150/are_you_a_bot", "smalltalk/agent.chatbot", "smalltalk/agent.real"],
  [
    "clinc150/greeting",
    "smalltalk/greetings.hello",
    "smalltalk/greetings.how_are_you",
    "smalltalk/greetings.goodmorning",
    "smalltalk/greetings.goodevening",
    "smalltalk/greetings.whatsup",
    "smalltalk/greetings.nice_to_see_you",
  ],
  ["clinc150/insurance_change", "natcs/ChangePlan"],
  ["clinc150/order", "bitext/place_order"],
  ["clinc150/order_status", "bitext/track_order", "bitext/delivery_period"],
  ["banking77/card_delivery_estimate", "bitext/delivery_period"],
  ["banking77/terminate_account", "bitext/delete_account"],
  ["banking77/passcode_forgotten", "bitext/recover_password", "natcs/ResetPassword"],
  ["banking77/request_refund", "bitext/get_refund", "bitext/check_refund_policy"],
  ["banking77/Refund_not_showing_up", "bitext/track_refund", "bitext/get_refund"],
  ["banking77/edit_personal_details", "natcs/ChangeAddress", "bitext/edit_account"],
  ["bitext/change_shipping_address", "natcs/ChangeAddress"],
  ["bitext/create_account", "natcs/CreateAccount"],
  ["bitext/payment_issue", "natcs/ReportBillingIssue"],
];

const alike = new Map<string, Set<string>>();
for (const group of groups) {
  for (const label of group) alike.set(label, new Set([...(alike.get(label) ?? []), ...group]));
}

/** Whether a label means what one of the others means, being of another set. Keys are "source/label". */
export function isDoubled(key: string, others: Iterable<string>): boolean {
  const own = shortName(key);
  const same = alike.get(own);
  if (same === undefined) return false;
  const set = own.split("/")[0];
  return [...others].map(shortName).some((other) => same.has(other) && other.split("/")[0] !== set);
}

function shortName(key: string): string {
  const [source = "", label = ""] = key.split("/");
  const set = /^[a-z0-9]+/u.exec(source)?.[0] ?? "";
  return `${set}/${label.replace(/^smalltalk\./u, "")}`;
}
