"""Word lists that the generators draw from. All written for this project."""

from __future__ import annotations

PRODUCTS = (
    "iPhone 15", "Pixel 8", "Galaxy S24", "MacBook Air", "ThinkPad X1", "Kindle Paperwhite",
    "Dyson V15", "Roomba j7", "AirPods Pro", "Sony WH-1000XM5", "Nintendo Switch", "PlayStation 5",
    "electric kettle", "standing desk", "office chair", "air fryer", "espresso machine",
    "running shoes", "hiking boots", "winter jacket", "yoga mat", "camping tent", "dash cam",
    "robot vacuum", "gaming monitor", "mechanical keyboard", "wireless mouse", "baby stroller",
    "dining table", "sofa bed", "memory foam mattress", "bluetooth speaker", "smart watch",
    "hair dryer", "blender", "rice cooker", "mountain bike", "suitcase", "backpack", "desk lamp",
)
CHOICES = (
    "the basic plan", "the premium plan", "a savings account", "a checking account", "Visa",
    "Mastercard", "standard shipping", "express shipping", "leasing", "buying", "Python",
    "JavaScript", "PostgreSQL", "MongoDB", "solar power", "wind power", "Rome", "Paris",
    "term life insurance", "whole life insurance", "an electric car", "a hybrid", "yoga", "pilates",
    "React", "Vue", "a credit union", "a bank", "cotton", "linen", "OLED", "LCD", "iOS", "Android",
)
AUDIENCES = (
    "my mom", "a beginner", "a ten year old", "small apartments", "travel", "students", "my boss",
    "a wedding", "the office", "a family of four", "cold weather", "gaming", "older people",
    "people on a budget", "a birthday present", "daily use", "my girlfriend", "kids",
)
ASPECTS = (
    "price", "battery life", "durability", "ease of use", "warranty", "noise", "camera quality",
    "weight", "performance", "comfort", "customer support", "safety", "speed", "fees",
)
KINDS = (
    "laptop", "phone", "headphones", "movie", "book", "restaurant", "podcast", "gift", "hotel",
    "credit card", "vacuum cleaner", "pair of shoes", "board game", "wine", "recipe", "TV series",
    "coffee maker", "city to visit", "tablet", "camera", "insurance plan", "mattress", "toy",
)
LANGUAGES = (
    "Spanish", "French", "German", "Italian", "Japanese", "Portuguese", "Dutch", "Chinese",
    "Korean", "Polish", "Russian", "Arabic", "Turkish", "Swedish", "Hindi", "English",
)
PHRASES = (
    "good morning", "where is the train station", "I would like to order", "thank you very much",
    "how much does it cost", "see you tomorrow", "my luggage is lost", "happy birthday",
    "the meeting starts at noon", "I am allergic to nuts", "please call a doctor",
    "your order has been shipped", "the invoice is attached", "we apologise for the delay",
)
TOPICS = (
    "the ocean", "autumn", "friendship", "a lonely robot", "coffee", "the moon", "my cat",
    "a lost letter", "time travel", "the first snow", "a dragon who is afraid of fire", "hope",
    "a small bakery", "city lights", "a detective in Tokyo", "growing old", "space pirates",
    "a rainy Sunday", "a train ride at night", "my grandmother's garden",
)
ISSUES = (
    "climate change", "remote work", "artificial intelligence", "inflation", "democracy",
    "social media", "free will", "the French Revolution", "nuclear energy", "universal basic income",
    "evolution", "black holes", "stoicism", "globalisation", "electric cars", "urban planning",
    "the Roman Empire", "vaccines", "quantum computing", "the housing market", "minimum wage",
    "animal testing", "space exploration", "school uniforms", "the stock market", "immigration",
)
CODE_LANGUAGES = ("Python", "JavaScript", "TypeScript", "Java", "C++", "Go", "Rust", "SQL", "bash", "C#")
CODE_TASKS = (
    "reverses a string", "sorts a list of dictionaries by a key", "parses a CSV file",
    "finds the shortest path in a graph", "validates an email address", "removes duplicates from a list",
    "connects to a database", "downloads a file with retries", "counts words in a text",
    "merges two sorted arrays", "computes a moving average", "reads environment variables",
    "groups orders by customer", "implements a binary search tree", "debounces a function",
)
ERRORS = (
    "TypeError: 'NoneType' object is not iterable", "undefined is not a function",
    "NullPointerException", "segmentation fault", "IndexError: list index out of range",
    "Module not found", "CORS policy error", "KeyError: 'id'", "connection refused",
)
ITEMS = (
    "order", "package", "refund", "parcel", "delivery", "replacement", "new card", "return",
    "shipment", "purchase", "exchange", "repair",
)
NAMES = ("Sam", "Anna", "there", "team", "support", "everyone", "folks", "Alex", "Maria", "bot")
SERVICES = (
    "app", "website", "customer service", "delivery", "support chat", "checkout", "refund process",
    "subscription", "account page", "phone line", "return process", "warranty",
)
