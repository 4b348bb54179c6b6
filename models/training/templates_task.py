"""Generated prompts for the task categories that no set, or only one, covers."""

from __future__ import annotations

COMPARISON = (
    "Compare the {product} and the {product}", "compare {choice} with {choice}",
    "What is the difference between {choice} and {choice}?", "{product} vs {product}",
    "{product} or {product}, which one is better?", "Which is better for {audience}, the {product} or the {product}?",
    "how does the {product} compare to the {product}", "Is {choice} better than {choice}?",
    "Pros and cons of {choice} versus {choice}", "Give me a comparison of {product} and {product} on {aspect}",
    "Should I choose {choice} or {choice}?", "what are the differences between the {product} and the {product}",
    "Make a table comparing {choice} and {choice} by {aspect} and {aspect}",
    "I can't decide between the {product} and the {product}, what sets them apart?",
    "Which one has the better {aspect}: {product} or {product}?", "differences {product} {product}",
    "Contrast {choice} and {choice} in terms of {aspect}", "does the {product} have a better {aspect} than the {product}",
)
RECOMMENDATION = (
    "Can you recommend a good {kind} for {audience}?", "recommend me a {kind}",
    "What {kind} would you suggest for {audience}?", "Which {kind} should I buy?",
    "I am looking for a {kind} for {audience}, any ideas?", "suggest a {kind} with good {aspect}",
    "What's the best {kind} under 200 dollars?", "best {kind} for {audience}",
    "any suggestions for a {kind}", "I need advice on picking a {kind}",
    "Give me your top three picks for a {kind}", "What is a good {kind} these days?",
    "Which of your {product}s would you advise for {audience}?", "help me choose a {kind} for {audience}",
    "I liked the {product}, what else might I like?", "what should I get for {audience} as a gift",
)
SUMMARIZATION = (
    "Summarize this article: {passage}", "Summarise the following text in two sentences: {passage}",
    "TL;DR: {passage}", "{passage}\n\nSummarize the above.", "Give me the key points of this: {passage}",
    "Can you sum up this email for me? {passage}", "{passage}\n\nWhat are the main takeaways?",
    "Write a short summary of the text below.\n\n{passage}", "Condense this into bullet points: {passage}",
    "shorten this text: {passage}", "Provide an executive summary of this report: {passage}",
    "Give me a one-sentence summary: {passage}", "what is this text about, in short? {passage}",
    "please summarize our conversation so far", "summarize this document for me",
    "In brief, what does this review say? {passage}",
)
TRANSLATION = (
    "Translate this into {language}: {passage}", "Translate '{phrase}' to {language}",
    "How do you say \"{phrase}\" in {language}?", "what is {phrase} in {language}",
    "{passage}\n\nTranslate the text above into {language}.", "can you put this in {language}: {phrase}",
    "Translate the following sentence from English to {language}: {phrase}", "{language} translation of {phrase}",
    "What does this mean in {language}? {passage}", "i need this email in {language}: {passage}",
    "Please render this paragraph in {language}: {passage}", "how would I write {phrase} in {language}",
    "Translate the word {word} into {language}", "what's the {language} word for {word}",
)
CREATIVE = (
    "Write a poem about {topic}", "Write a short story about {topic}", "Tell me a story about {topic}",
    "Compose a haiku about {topic}", "write a song about {topic}", "Come up with a slogan for a {product}",
    "Invent a name for a shop that sells {product}s", "Write a limerick about {topic}",
    "Draft a birthday card for {audience}", "Write a product description for a {product}",
    "Write the opening paragraph of a novel about {topic}", "Create a dialogue between {topic} and the sea",
    "give me a funny tweet about {topic}", "Write a wedding speech for {audience}", "make up a bedtime story about {topic}",
    "Rewrite this in the style of Shakespeare: {phrase}",
    "Write lyrics for a rap about {topic}", "Rewrite the following text in a warmer tone: {passage}",
    "Paraphrase this paragraph: {passage}", "reword this sentence: {phrase}", "Tell me a joke", "tell me a joke about {topic}",
    "Make this text sound more formal: {passage}", "Rephrase it for a wider audience: {passage}",
    "Outline a short film about {topic}", "Plan the chapters of a novel about {topic}", "Describe a character who loves {topic}",
    "{passage}\n\nRewrite the text above so that {audience} would enjoy it.",
)
CODE = (
    "Write a {code_language} function that {code_task}", "How do I write a {code_language} script which {code_task}?",
    "Fix this code: {snippet}", "What does this function do?\n{snippet}", "{snippet}\n\nWhy does this fail with {error}?",
    "I get {error} in {code_language}, what is wrong?", "Explain this code\n```\n{snippet}\n```",
    "Refactor the following function:\n{snippet}", "Write unit tests for this:\n{snippet}",
    "How can I fix {error}?", "regex that matches an email address", "Write a SQL query that {code_task}",
    "convert this to {code_language}:\n{snippet}", "Implement a class in {code_language} that {code_task}",
    "debug this\n{snippet}", "What is the time complexity of this?\n{snippet}",
    "show me an example of async code in {code_language}", "how to make an API call in {code_language}",
)
DISCUSSION = (
    "What do you think about {issue}?", "Explain {issue} to me", "Discuss the causes of {issue}",
    "Why is {issue} important?", "What are the arguments for and against {issue}?", "How does {issue} affect society?",
    "What are the consequences of {issue}?", "Give me an in-depth explanation of {issue}",
    "tell me about {issue}", "Let's talk about {issue}", "Is {issue} overrated?", "What is the history of {issue}?",
    "Argue that {issue} does more harm than good", "How will {issue} change in the next decade?",
    "Analyse the role of {issue} in the economy", "can you explain how {issue} works", "Debate {issue} with me",
    "Write an essay on {issue}", "Make a step-by-step plan for a project about {issue}",
    "Draft a study plan on {issue} for {audience}", "Critique the following text: {passage}",
    "Review this paragraph and point out its weaknesses: {passage}", "Give me feedback on this draft: {passage}",
    "Create a marketing plan for the {product}", "Write a report on {issue} for a business audience",
    "Generate a lesson about {issue}", "Evaluate the argument made here: {passage}", "What is the meaning of life?",
    "Propose a research design to study {issue}", "Tell me an interesting fact", "who invented the telephone",
    "what is the capital of Peru", "who won the world cup in 1998", "when did the war over {issue} start",
    "how tall is Mount Everest", "where was the first {product} made", "who wrote the book about {issue}",
)
GREETING = (
    "Hello", "Hi", "Hey", "Hello {name}", "Hi {name}", "hey {name}", "Good morning", "good afternoon {name}",
    "Good evening", "hi there, how are you?", "hello, how is it going", "Hey, what's up?", "Greetings",
    "Thanks", "thank you so much", "Thanks a lot {name}", "many thanks for your help", "Bye", "goodbye {name}",
    "see you later", "have a nice day", "Nice to meet you", "hello, are you a real person?", "who are you?",
    "what can you do?", "ok, great", "yes please", "no thank you", "sounds good", "that was helpful, thanks",
    "hiya", "howdy", "hello hello", "anybody there?", "Hi, I have a question", "thx", "cheers {name}", "You're welcome",
)
PRODUCT_SEARCH = (
    "{product}", "show me {product}s", "I'm looking for a {product}", "do you sell {product}s",
    "black {product} under 100 dollars", "find a {product} for {audience}", "cheap {product}", "{product} in blue",
    "search for {product} with good {aspect}", "do you have any {product}s in stock", "waterproof {product}",
    "where can I find {product}s on your site", "used {product}", "list your {product}s sorted by price", "large grey {product}",
    "i want to buy a {product}", "{product} on sale", "{product} accessories",
)
ORDER_STATUS = (
    "Where is my {item}?", "When will my {item} arrive?", "track my {item} {number}", "What's the status of my {item}?",
    "My {item} still hasn't arrived", "has my {item} been shipped yet", "I ordered two weeks ago and my {item} is not here",
    "status of order {number}", "can you tell me where order #{number} is", "How long until my {item} gets here?",
    "Is my {item} on its way?", "any update on my {item} {number}?", "expected delivery date for my {item}",
    "my {item} was supposed to come yesterday", "did you process my {item} yet", "tracking says delivered but no {item}",
)
FAQ = (
    "How do I return a {product}?", "What is your return policy?", "Do you offer a warranty on the {product}?",
    "how can I reset my password", "Which payment methods do you accept?", "Can I change my delivery address?",
    "How do I cancel my subscription?", "What are your opening hours?", "Do you ship abroad?", "How much is {choice}?",
    "How do I contact a human agent?", "what are the fees for {choice}", "can I use a gift card on your {service}",
    "Is the {product} dishwasher safe?", "how do I delete my account", "Where do I find my invoice?",
    "does the {product} come with a charger", "How long does the battery of the {product} last?",
)
OTHER = (
    "set an alarm for seven", "turn off the lights", "What's the weather in Rome?", "play some jazz", "remind me to call {name}",
    "book a table for two at eight", "add milk to my shopping list", "What time is it?", "call {name}", "start a timer for ten minutes",
    "flip a coin", "volume up", "change my name to {name}", "cancel the reservation for tonight", "roll the dice",
    "add this song to my playlist", "give this book four stars", "show movie times nearby", "will it rain tomorrow",
    "find the TV show about {topic}", "how is the traffic to work", "what is on my calendar on friday", "text {name} that I am late",
    "Classify the sentiment of this review as positive or negative: {passage}", "is this spam or not? {passage}",
    "Label this ticket with one category: {passage}", "extract all names from this text: {passage}",
    "asdf", "blah blah", "open the garage door", "navigate home",
)
MATH = (
    "What is {small} times {small}?", "calculate {small} + {small} * {small}", "solve {small}x + {small} = {number}",
    "what is {small} percent of {number}", "A shop sells {small} pens a day. How many pens does it sell in {small} days?",
    "What is the derivative of x^{small}?", "how many inches are in {small} feet", "Find the area of a circle with radius {small}",
    "If {small} workers build a wall in {small} days, how long do {small} workers need?", "{number} divided by {small}",
    "integrate {small}x^2 from 0 to {small}", "what is the probability of rolling two sixes", "convert {small} kg to pounds",
    "simplify ({small}x + {small})(x - {small})", "square root of {number}",
    "Let $f(x) = {small}x + {small}$. Find $f({small})$.", "Compute $\\frac{{small}}{{small}} + {small}$.",
    "How many integers $n$ satisfy ${small} < n^2 < {number}$?", "Find all real $x$ with $x^2 - {small}x + {small} = 0$.",
    "In triangle $ABC$, $AB = {small}$ and $BC = {small}$. What is its area?", "Evaluate $\\log_2 {number}$.",
    "The sum of the first {small} terms of a sequence is {number}. Find the next term.",
    "A fair coin is tossed {small} times. What is the probability of {small} heads?", "Express ${small}^{\\circ}$ in radians.",
    "What is the remainder when {number} is divided by {small}?", "What is the average of {small}, {small} and {small}?",
)
TASK_TEMPLATES: dict[str, tuple[str, ...]] = {
    "greeting": GREETING, "faq": FAQ, "order_status": ORDER_STATUS, "product_search": PRODUCT_SEARCH,
    "recommendation": RECOMMENDATION, "comparison": COMPARISON, "translation": TRANSLATION,
    "summarization": SUMMARIZATION, "math": MATH, "code": CODE, "creative": CREATIVE,
    "discussion": DISCUSSION, "other": OTHER,
}
