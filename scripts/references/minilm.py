"""Sentence embeddings of all-MiniLM-L6-v2, from transformers and from sentence-transformers.

Writes fixtures/minilm.json, a list of 200 texts, and fixtures/minilm.safetensors: `embeddings` [200, 384], the mean of the
last hidden state over the tokens ([CLS] and [SEP] among them), at most 256 tokens a text, not L2-normalised; and
`normalized` [200, 384], what sentence-transformers gives for the folder, whose modules.json ends in Normalize.

Requirements: torch 2.13.0 (CPU), transformers 5.23.0, tokenizers 0.23.3, sentence-transformers 6.2.0 (--no-deps),
scikit-learn, scipy, tqdm; the weights in .deps/weights (scripts/fetch.py weights).
Command: python scripts/references/minilm.py
"""

import random

import reference_imports  # noqa: F401 (first: transformers imports torchvision)
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel, AutoTokenizer

from fixture_files import MINILM, save_rows, save_tensors
from sentences import LANGUAGES, ODDITIES, TEMPLATES


def texts(count=200):
    """One of 600 words, every odd one, every language, then English of many lengths."""
    generator = random.Random(4)
    chosen = [" ".join(generator.choices(" ".join(TEMPLATES).split(), k=600))]
    chosen += ODDITIES + LANGUAGES
    while len(chosen) < count:
        text = " ".join(generator.choices(TEMPLATES, k=generator.choice((1, 1, 1, 2, 3, 5, 8))))
        chosen += [text] if text not in chosen else []
    return chosen


@torch.inference_mode()
def embedding(text, tokenizer, model):
    batch = tokenizer([text], truncation=True, max_length=256, return_tensors="pt")
    hidden = model(**batch).last_hidden_state
    mask = batch["attention_mask"][..., None].float()
    return (hidden * mask).sum(1) / mask.sum(1)


if __name__ == "__main__":
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(MINILM)
    model = AutoModel.from_pretrained(MINILM, dtype=torch.float32).eval()
    sentences = texts()
    save_rows("minilm.json", sentences)
    embeddings = torch.cat([embedding(text, tokenizer, model) for text in sentences])
    whole = SentenceTransformer(str(MINILM), device="cpu", local_files_only=True)
    normalized = whole.encode(sentences, batch_size=1, convert_to_tensor=True)  # one at a time, so nothing is padded
    torch.testing.assert_close(normalized, torch.nn.functional.normalize(embeddings, dim=1), rtol=0, atol=1e-6)
    save_tensors("minilm.safetensors", {"embeddings": embeddings, "normalized": normalized})
