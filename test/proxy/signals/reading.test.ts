/** Languages, keywords, approvals and code, by examples of what people write. */
import { describe, expect, it } from "vitest";
import type { Policy } from "../../../proxy/core/policy.ts";
import type { Turn } from "../../../proxy/core/request.ts";
import { signalReaders } from "../../../proxy/signals/registry.ts";
import { policyOf, viewOf } from "../../support/builders.ts";

function languageOf(text: string): string {
  return signalReaders.readCheap(viewOf(text), policyOf()).language;
}

describe("language", () => {
  it.each([
    ["en", ["hi", "Hey there", "good morning", "ok", "refund status", "that's bad", "a joke"]],
    ["es", ["Hola", "¡Hola! ¿Qué tal?", "no me funciona", "Quiero cancelar mi pedido"]],
    ["de", ["Hallo", "Guten Tag", "Moin", "Ich möchte meine Bestellung stornieren"]],
    ["fr", ["Coucou", "Bonjour !", "Je voudrais annuler ma commande"]],
    ["it", ["Ciao", "Salve", "Qual è la password?", "Vorrei annullare il mio ordine"]],
    ["pt", ["Olá", "Bom dia", "não recebi o meu pedido"]],
    ["nl", ["Hoi", "Goedemorgen", "Ik wil mijn bestelling annuleren"]],
    ["sv", ["Hej", "Jag vill avbryta min beställning"]],
    ["no", ["Hei", "Det er en feil med bestillingen min"]],
    ["pl", ["Cześć", "Dzień dobry", "Gdzie jest moje zamówienie"]],
    ["cs", ["Ahoj", "Kde je moje objednávka"]],
    ["tr", ["Merhaba", "Siparişim nerede"]],
    ["id", ["Selamat pagi", "Bagaimana cara membuat rendang daging?"]],
    ["vi", ["Xin chào", "Đơn hàng của tôi ở đâu"]],
    ["hu", ["Szia", "Hol van a rendelésem"]],
    ["ro", ["Bună ziua", "Unde este comanda mea"]],
    ["fi", ["Moikka", "Missä minun tilaukseni on"]],
    ["ja", ["こんにちは", "注文状況を教えて", "返品可能？ 配送状況の確認 売切"]],
    ["zh", ["你好", "我的订单在哪里", "訂單在哪裡"]],
    ["ko", ["안녕하세요"]],
    ["ru", ["Привет", "Где мой заказ"]],
    ["uk", ["Добрий вечір, де моє замовлення її"]],
    ["ka", ["გამარჯობა"]],
    ["mis", ["ᐊᐃᓐᖓᐃ"]],
  ])("%s", (tag, texts) => {
    expect(texts.map((text) => [text, languageOf(text)])).toEqual(texts.map((text) => [text, tag]));
  });

  it("is open where nothing speaks clearly: names, numbers, Han characters alone", () => {
    for (const text of ["42", "???", "malachi sled", "東京大学"]) {
      expect(languageOf(text)).toBe("und");
    }
  });

  it("is not changed by a name or a quoted word", () => {
    expect(languageOf("Where can I buy Nguyễn's book about Łódź and how much is it?")).toBe("en");
    expect(languageOf("How do you say こんにちは in English, please?")).toBe("en");
  });
});

function keywordsOf(text: string, ...words: readonly string[]): readonly string[] {
  const policy = policyOf({ keywords: new Map([["group", words]]) });
  return signalReaders.readCheap(viewOf(text), policy).keywords;
}

describe("keywords", () => {
  it.each([
    ["I want c++", "c++"],
    ["MANAGER!", "manager"],
    ["the manager's office", "manager"],
    ["speak\n to,  a HUMAN", "speak to a human"],
    ["speak to, no: speak to a human", "speak to a human"],
    ["don’t do that", "don't do"],
    ["すぐ返金してください", "返金"],
    ["ｸﾚｰﾑを入れます", "クレーム"],
    ["クレームです", "ｸﾚｰﾑ"],
    ["ＭＡＮＡＧＥＲ！", "manager"],
    [".net is down", ".net"],
  ])("%j holds %j", (text, word) => {
    expect(keywordsOf(text, word)).toEqual(["group"]);
  });

  it.each([
    ["a c question", "c++"],
    ["management", "manager"],
    ["comanager", "manager"],
    ["speak to a humanoid", "speak to a human"],
    ["speak to the human", "speak to a human"],
    ["anything", ""],
  ])("%j does not hold %j", (text, word) => {
    expect(keywordsOf(text, word)).toEqual([]);
  });

  it("are those of the policy that is asked", () => {
    const policies: readonly Policy[] = [["a"], ["b"]].map((words) =>
      policyOf({ keywords: new Map([["group", words]]) }),
    );
    const hits = policies.map((policy) => signalReaders.readCheap(viewOf("a"), policy).keywords);
    expect(hits).toEqual([["group"], []]);
  });
});

const task = "Write a compiler in Rust, because I need one, and explain why it is correct.";

function syntaxAfter(...texts: readonly string[]): number {
  const turns = texts.map((text, at): Turn => ({
    role: at % 2 === 0 ? "user" : "assistant",
    text,
  }));
  const view = viewOf(texts.at(-1) ?? "", { turns });
  return signalReaders.readCheap(view, policyOf()).syntax;
}

describe("a short approval", () => {
  const alone = syntaxAfter(task);

  it.each([
    "yes",
    "Yes, please!",
    "ok, go ahead",
    "Sounds good.",
    "はい、お願いします。",
    "d'accord",
  ])("is as complex as what it approves: %s", (text) => {
    expect(syntaxAfter(task, "Shall I?", text)).toBe(alone);
    expect(alone).toBeGreaterThan(0.2);
  });

  it("looks past other approvals", () => {
    expect(syntaxAfter(task, "Shall I?", "ok", "Sure?", "yes!")).toBe(alone);
  });

  it("is nothing else when there is nothing to approve, and a new question is no approval", () => {
    expect(syntaxAfter("yes")).toBe(0);
    expect(syntaxAfter(task, "Shall I?", "yes, but where is my parcel")).toBe(0);
  });
});

describe("code", () => {
  it.each([
    "```\nx\n```",
    "def f(x):\n  return x",
    "look at this:\n    const a = b;",
    "export async function main() {",
    "class Foo(Bar):",
    'import x from "y"',
    "from os import path",
    "#include <stdio.h>",
    "SELECT a FROM b WHERE c",
    "public static void main(String[] args) {",
    "if (a) {",
    "<div class='x'>",
    "foo(bar);",
  ])("is seen in %j", (text) => {
    expect(signalReaders.readCheap(viewOf(text), policyOf()).structure.hasCode).toBe(true);
  });

  it.each([
    "Which class should I take: yoga or pilates?",
    "import taxes (for shoes)",
    "return my order; it is broken",
    "select a colour from the list",
    "I need this function, please;",
  ])("is not seen in %j", (text) => {
    expect(signalReaders.readCheap(viewOf(text), policyOf()).structure.hasCode).toBe(false);
  });
});
