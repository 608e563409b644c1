"""Pairs as SetFit draws them, and 100 steps on pairs with the losses of sentence-transformers.

Writes fixtures/pairs.json:

    draws       a list of cases: `labels` (a class a sample, or a list of classes), `sampling`, `iterations`, `max_pairs` (-1: no limit), and
                what SetFit's ContrastiveDataset made of them: `alike` and `different`, how many pairs; `all`, every pair it could
                draw from as [first, second, label], where there is no limit
    bert        `config` and `entries` of a small BERT without dropout (seeded_weights.py says what its weights are)
    labels      of the texts of pairs.safetensors
    rate, weight_decay, steps, warmup

and fixtures/pairs.safetensors:

    ids, mask                   [12, 11] int64 and uint8: texts, padded on the right
    before                      [12, 48]: their embeddings, mean pooled
    cosine/losses [100], cosine/after [12, 48]              CosineSimilarityLoss
    contrastive/losses [100], contrastive/after [12, 48]    ContrastiveLoss, margin 0.5

Every step is on all pairs: AdamW as Transformers' Trainer sets it up (no decay of biases and norms), gradients clipped to norm 1, linear schedule
with warm-up.

Requirements: torch 2.13.0 (CPU), setfit 1.2.0, sentence-transformers 6.2.0, transformers 5.24.0.
Command: python scripts/references/pairs.py
"""

import torch
import transformers
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.modules import Pooling
from setfit.sampler import ContrastiveDataset

from fixture_files import save_json, save_tensors
from seeded_weights import seed_model

STEPS, WARMUP, RATE, DECAY = 100, 10, 2e-4, 0.01
LABELS = [0, 1, 2] * 4
CASES = [
    ([0, 1] * 8, "oversampling", None, -1),
    ([0, 1] * 8, "undersampling", None, -1),
    ([0, 1] * 8, "unique", None, -1),
    ([0, 0, 0, 1, 2, 2], "oversampling", None, -1),
    ([0, 0, 0, 1, 2, 2], "undersampling", None, -1),
    ([0, 0, 0, 0, 0, 0, 1], "undersampling", None, -1),
    ([0, 1, 2, 3] * 8, "oversampling", 20, -1),
    ([0, 1, 2, 3] * 8, "oversampling", None, 160),
    ([0, 1, 2, 3] * 8, "unique", None, 70),
    ([[0], [0, 1], [1, 2], [2], [3], [0, 3]], "oversampling", None, -1),
    ([[0], [0, 1], [1, 2], [2], [3], [0, 3]], "unique", None, -1),
]


def flags(classes):
    return [int(name in classes) for name in range(4)]


def draws():
    cases = []
    for labels, sampling, iterations, most in CASES:
        multilabel = isinstance(labels[0], list)
        given = [flags(row) for row in labels] if multilabel else labels
        dataset = ContrastiveDataset(list(range(len(labels))), given, multilabel, iterations, sampling, max_pairs=most)
        known = dataset.pos_pairs + dataset.neg_pairs
        pairs = [sorted((pair["sentence_1"], pair["sentence_2"])) + [int(pair["label"])] for pair in known]
        made = [int(pair["label"]) for pair in dataset]
        case = dict(labels=labels, sampling=sampling, iterations=iterations, max_pairs=most)
        cases.append(case | dict(alike=sum(made), different=len(made) - sum(made), all=sorted(pairs) if most < 0 else None))
    return cases


def encoder():
    config = transformers.BertConfig(
        vocab_size=60, hidden_size=48, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96, max_position_embeddings=20,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = transformers.BertModel(config)
    entries = seed_model(model)
    return model, config, entries


def texts():
    torch.manual_seed(0)
    ids = torch.randint(5, 60, (len(LABELS), 11))
    mask = torch.ones_like(ids)
    for row in range(len(LABELS)):
        mask[row, 11 - row % 5:] = 0
    return ids * mask, mask


def train(make):
    model = encoder()[0].train()
    ids, mask = texts()
    pool = Pooling(48, "mean")

    def embed(rows):
        tokens = model(input_ids=ids[rows], attention_mask=mask[rows]).last_hidden_state
        return pool({"token_embeddings": tokens, "attention_mask": mask[rows]})["sentence_embedding"]

    everything = list(range(len(LABELS)))
    before = embed(everything).detach()
    pairs = list(ContrastiveDataset(everything, LABELS, False, None, "unique"))
    first, second = ([pair[f"sentence_{side}"] for pair in pairs] for side in (1, 2))
    wanted = torch.tensor([pair["label"] for pair in pairs])
    decayed = [value for name, value in model.named_parameters() if value.dim() > 1]
    others = [value for name, value in model.named_parameters() if value.dim() <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}], lr=RATE)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, WARMUP, STEPS)
    loss, values = make(None), []
    for _ in range(STEPS):
        optimizer.zero_grad()
        value = loss.compute_loss_from_embeddings([embed(first), embed(second)], wanted)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        values.append(value.item())
    return before, torch.tensor(values), embed(everything)


def main():
    _, config, entries = encoder()
    save_json("pairs.json", {
        "draws": draws(), "bert": {"config": config.to_dict() | {"architectures": ["BertModel"]}, "entries": entries}, "labels": LABELS,
        "rate": RATE, "weight_decay": DECAY, "steps": STEPS, "warmup": WARMUP,
    })
    ids, mask = texts()
    tensors = {"ids": ids, "mask": mask.byte()}
    for name, make in {"cosine": losses.CosineSimilarityLoss, "contrastive": losses.ContrastiveLoss}.items():
        tensors["before"], tensors[f"{name}/losses"], tensors[f"{name}/after"] = train(make)
        print(f"{name}: loss {tensors[f'{name}/losses'][0]:.4f} at first, {tensors[f'{name}/losses'][-1]:.4f} at last")
    save_tensors("pairs.safetensors", tensors)


if __name__ == "__main__":
    main()
