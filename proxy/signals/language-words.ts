/** Word lists of the language signal: small and greeting words by language, and letters that few languages use. */

/** Small words that are common in one language and rare in most others, lower case. */
export const smallWords: ReadonlyMap<string, readonly string[]> = lists({
  en: "a an the is are was were am be been you your yours my mine me i it its we our they what how where when who why which can could would should do does did to of and or but for from with without this that these those have has had not no if then in on at by about into please thanks thank hello hi hey good morning afternoon evening there want need help order refund return account password card cancel change update track status delivery shipping payment price product make get give tell show find write list name all any some more than will just only also as don didn doesn isn wasn ll ve re bad great nice okay yes so too here going know like love time day see talk let ok really right sure sorry well out up again still now today never always",
  es: "el la los las un una de del que en es está están son por para con mi tu su como cómo qué dónde cuándo cuánto puedo puede quiero tengo tiene hola gracias buenos buenas días tardes noches pedido ayuda no se mis pero más muy ya al lo me funciona necesito hacer",
  de: "der die das ein eine einen ist sind und ich sie er wir mein meine meinen wie was wo wann warum kann können nicht kein keine mit für auf von zu zum zur bitte danke hallo guten tag morgen abend möchte habe hat bestellung hilfe es den dem im ihnen mir mich wird auch noch",
  fr: "le la les un une des est sont et je tu vous nous mon ma mes votre comment quoi où quand pourquoi puis peux peut pas avec pour sur dans de du merci bonjour salut bonsoir voudrais commande aide que qui ce cette c'est j'ai ne plus au aux il elle mais très s'il",
  it: "il lo gli la le un una di del della che è sono io mio mia come cosa dove quando perché posso può non con per su da nel grazie ciao buongiorno buonasera vorrei ho hai ordine aiuto questo questa ma più anche ne mi",
  pt: "os as um uma de do da que é são eu meu minha como onde quando posso pode não com para por em no na obrigado obrigada olá oi bom boa dia tarde noite quero tenho pedido ajuda você mas mais muito está recebi seu sua isso",
  nl: "de het een is zijn en ik je mijn hoe wat waar wanneer waarom kan niet geen met voor op van naar bedankt hallo goedemorgen dag wil heb heeft bestelling hulp dit dat maar ook nog aan bij kunt graag alsjeblieft",
  sv: "och att det är en ett jag du min mitt mina hur vad var när kan inte med för på av till tack hej god morgon vill har beställning hjälp den som om från skulle vart mig",
  da: "og at det er en et jeg du min mit mine hvordan hvad hvor hvornår kan ikke med for på af til tak hej god morgen vil har bestilling hjælp den som om fra skal mig",
  no: "og at det er en et jeg du min mitt mine hvordan hva hvor når kan ikke med for på av til takk hei god morgen vil har bestilling bestillingen hjelp den som om fra skal meg feil",
  fi: "ja on ei se että minä olen minun miten mikä mitä missä milloin miksi voinko voi kanssa kiitos hei moi hyvää huomenta haluan tilaus tilaukseni apua tämä mutta kun niin ole",
  pl: "na jest są nie to że się ja mój moja moje jak co gdzie kiedy dlaczego czy mogę można do od dla dziękuję cześć dzień dobry chcę mam zamówienie zamówienia pomoc ten ta ale już po proszę",
  cs: "na je jsou není to že se já můj moje jak co kde kdy proč mohu můžu lze do od pro děkuji ahoj dobrý den chci mám objednávka objednávku pomoc ten ta ale už prosím jsem",
  tr: "ve bir bu ne nasıl nerede zaman neden için ile benim siparişim sipariş değil var yok mı mi mu teşekkürler teşekkür merhaba selam günaydın iyi istiyorum lütfen çok ama nedir",
  id: "yang di dan itu ini saya anda bagaimana apa mana kapan mengapa kenapa bisa tidak dengan untuk dari ke pada terima kasih halo selamat pagi siang ingin punya pesanan bantuan cara membuat ada adalah tolong mau",
  vi: "và là của tôi bạn không có được cho với này đó đâu gì nào khi sao cảm ơn xin chào muốn đơn hàng giúp làm thế một các những như đã",
  hu: "az és egy van nem hogy én ez mi hol mikor miért hogyan lehet kell köszönöm szia jó napot reggelt szeretnék rendelésem rendelés segítség is de meg mert",
  ro: "și si este sunt nu că eu meu mea cum ce unde când de pentru cu din la mulțumesc bună ziua salut vreau am comanda ajutor acest dar mai pot",
});

/** What people say before anything else; the whole text must be one of these. */
export const greetings: ReadonlyMap<string, string> = inverted({
  en: ["hiya", "howdy", "yo", "sup", "greetings", "ok", "okay", "yes", "bye", "goodbye"],
  es: ["buenas", "buen día", "adiós", "qué tal", "hola qué tal"],
  de: ["hallo", "moin", "servus", "grüezi", "tschüss", "grüß gott", "guten"],
  fr: ["coucou", "bonne journée", "au revoir", "allô"],
  it: ["salve", "arrivederci", "buonasera"],
  pt: ["oi", "e aí", "tchau", "boa tarde"],
  nl: ["hoi", "goedendag", "goedemiddag", "goedenavond", "doei"],
  sv: ["hej", "hejsan", "tjena", "god morgon", "hej då"],
  da: ["goddag", "god dag", "farvel"],
  no: ["hei", "heisann", "god morgen"],
  fi: ["moikka", "terve", "hyvää päivää", "huomenta"],
  pl: ["cześć", "hejka", "siema", "dzień dobry", "dobry wieczór", "witam"],
  cs: ["ahoj", "čau", "dobrý den", "nazdar"],
  tr: ["merhaba", "selam", "günaydın", "iyi günler"],
  id: ["halo", "selamat pagi", "selamat siang", "selamat malam", "apa kabar"],
  vi: ["xin chào", "chào", "chào bạn"],
  hu: ["szia", "sziasztok", "helló", "jó napot"],
  ro: ["bună", "bună ziua", "salutare"],
});

/** Letters and marks that point to few languages. */
export const tellingLetters: readonly (readonly [RegExp, string])[] = [
  [/[ąęłńśźż]/u, "pl"],
  [/[ěřů]/u, "cs"],
  [/[őű]/u, "hu"],
  [/[ğış]/u, "tr"],
  [/[ăâșț]/u, "ro"],
  [/[ơưđ\u1ea0-\u1ef9]/u, "vi"],
  [/[ñ¿¡]/u, "es"],
  [/[ãõ]/u, "pt"],
  [/ß/u, "de"],
];

function lists(texts: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(texts).map(([tag, words]) => [tag, words.split(" ")]));
}

function inverted(
  phrases: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, string> {
  const pairs = Object.entries(phrases);
  return new Map(pairs.flatMap(([tag, list]) => list.map((phrase) => [phrase, tag] as const)));
}
