"""Every fusion of docs/fusions.md in PyTorch, as fusions.py runs it. Imported, not run."""

import torch
import torch.nn.functional as F
from torch import nn

SIZES = {"image": (5, 4), "text": (7, 6), "audio": (6, 3)}  # D and T
BATCH, DIM, LAYERS, HEADS, RANK, BOTTLENECKS = 6, 8, 2, 2, 3, 2


class Named(nn.Module):
    """A module whose children are given by name."""

    def __init__(self, **children):
        super().__init__()
        for name, child in children.items():
            if isinstance(child, nn.Parameter):
                self.register_parameter(name, child)
            else:
                self.add_module(name, child)


def vector(*shape):
    return nn.Parameter(torch.zeros(*shape))


def entrance(size, **more):
    """What every modality has: norm, projection, and whatever the fusion adds."""
    return Named(norm=nn.LayerNorm(size), projection=nn.Linear(size, DIM), **more)


def clean(values, seen):
    return torch.where(seen.unsqueeze(-1), values, torch.zeros((), dtype=values.dtype))


def mixer(inputs):
    return Named(linear=nn.Linear(inputs, DIM), norm=nn.LayerNorm(DIM))


def mix(layer, x):
    return F.gelu(layer.norm(layer.linear(x)))


class Fusion(nn.Module):
    """`modalities` are children by name, so that keys begin with a modality's name."""

    def __init__(self, names):
        super().__init__()
        self.names = names

    def enter(self, inputs, presence):
        """u of each modality [B, d], and whether it is there [B]."""
        for index, name in enumerate(self.names):
            own, there = getattr(self, name), presence[:, index]
            yield own, own.projection(own.norm(clean(inputs[name], there))), there

    def numbers(self, presence, like):
        return presence.to(like.dtype)


class Concat(Fusion):
    def __init__(self, names, layers=LAYERS):
        super().__init__(names)
        for name in names:
            setattr(self, name, entrance(SIZES[name][0], missing=vector(DIM)))
        first = len(names) * (DIM + 1)
        self.mixer = nn.ModuleList(mixer(first if layer == 0 else DIM) for layer in range(layers))

    def forward(self, inputs, presence):
        parts = [torch.where(there[:, None], F.gelu(u), own.missing) for own, u, there in self.enter(inputs, presence)]
        x = torch.cat(parts + [self.numbers(presence, parts[0])], 1)
        for layer in self.mixer:
            x = mix(layer, x)
        return x


class Gated(Fusion):
    def __init__(self, names):
        super().__init__(names)
        for name in names:
            gate = nn.Linear(len(names) * (DIM + 1), DIM)
            setattr(self, name, entrance(SIZES[name][0], missing=vector(DIM), gate=gate))

    def forward(self, inputs, presence):
        parts = [torch.where(there[:, None], u, own.missing) for own, u, there in self.enter(inputs, presence)]
        everything = torch.cat(parts + [self.numbers(presence, parts[0])], 1)
        gates = [torch.sigmoid(getattr(self, name).gate(everything)) for name in self.names]
        return sum(gate * torch.tanh(part) for gate, part in zip(gates, parts))


class LowRank(Fusion):
    def __init__(self, names):
        super().__init__(names)
        for name in names:
            setattr(self, name, entrance(SIZES[name][0], missing=vector(DIM), factor=vector(RANK, DIM + 1, DIM)))
        self.rank_weights, self.bias, self.norm = vector(RANK), vector(DIM), nn.LayerNorm(DIM)

    def forward(self, inputs, presence):
        product = 1
        for own, u, there in self.enter(inputs, presence):
            value = torch.where(there[:, None], F.gelu(u), own.missing)
            value = torch.cat([value, torch.ones_like(value[:, :1])], 1)
            product = product * torch.einsum("bi,rio->bro", value, own.factor)
        return self.norm(torch.einsum("r,bro->bo", self.rank_weights, product) + self.bias)


class Film(Fusion):
    def __init__(self, names):
        super().__init__(names)
        conditions = (len(names) - 1) * DIM + len(names)
        for name in names:
            blocks = nn.ModuleList(
                Named(linear=nn.Linear(DIM, DIM), condition=nn.Linear(conditions, 2 * DIM)) for _ in range(LAYERS)
            )
            setattr(self, name, entrance(SIZES[name][0], missing=vector(DIM), blocks=blocks))
        self.mixer = nn.ModuleList([mixer(len(names) * (DIM + 1))])

    def forward(self, inputs, presence):
        parts = [torch.where(there[:, None], u, own.missing) for own, u, there in self.enter(inputs, presence)]
        numbers = self.numbers(presence, parts[0])
        streams = []
        for index, name in enumerate(self.names):
            x, condition = parts[index], torch.cat([p for i, p in enumerate(parts) if i != index] + [numbers], 1)
            for block in getattr(self, name).blocks:
                gamma, beta = block.condition(condition).chunk(2, 1)
                x = x + F.gelu((1 + gamma) * F.layer_norm(block.linear(x), (DIM,)) + beta)
            streams.append(x)
        return mix(self.mixer[0], torch.cat(streams + [numbers], 1))


def attention_weights():
    return Named(**{name: nn.Linear(DIM, DIM) for name in ("query", "key", "value", "output")})


def attend(weights, x, context, mask):
    split = lambda t: t.unflatten(-1, (HEADS, DIM // HEADS)).transpose(1, 2)  # noqa: E731
    queries, keys, values = split(weights.query(x)), split(weights.key(context)), split(weights.value(context))
    scores = queries @ keys.transpose(-1, -2) / (DIM // HEADS) ** 0.5
    scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
    return weights.output((scores.softmax(-1) @ values).transpose(1, 2).flatten(2))


def feed_forward(block, x):
    return x + block.mlp[1](F.gelu(block.mlp[0](block.mlp_norm(x))))


def feed_forward_weights():
    return {"mlp_norm": nn.LayerNorm(DIM), "mlp": nn.ModuleList([nn.Linear(DIM, 4 * DIM), nn.Linear(4 * DIM, DIM)])}


def masked_mean(x, mask):
    weights = mask.to(x.dtype).unsqueeze(-1)
    return (x * weights).sum(1) / weights.sum(1)


class TokenFusion(Fusion):
    def add(self, name, blocks):
        more = {"missing": vector(DIM), "kind": vector(DIM), "blocks": nn.ModuleList(blocks), "norm_out": nn.LayerNorm(DIM)}
        setattr(self, name, entrance(SIZES[name][0], **more))

    def streams(self, inputs, presence):
        tokens, masks = [], []
        for index, name in enumerate(self.names):
            own, (values, real), there = getattr(self, name), inputs[name], presence[:, index]
            real = real & there[:, None]
            u = own.projection(own.norm(clean(values, real)))
            first = torch.zeros_like(real)
            first[:, 0] = True
            tokens.append(torch.where(there[:, None, None], u, own.missing) + own.kind)
            masks.append(torch.where(there[:, None], real, first))
        return tokens, masks

    def means(self, tokens, masks):
        return [masked_mean(getattr(self, name).norm_out(x), mask) for name, x, mask in zip(self.names, tokens, masks)]


class CrossAttention(TokenFusion):
    def __init__(self, names):
        super().__init__(names)
        for name in names:
            attention = {"query_norm": nn.LayerNorm(DIM), "context_norm": nn.LayerNorm(DIM), "attention": attention_weights()}
            make = lambda: Named(**{k: type(v)(DIM) if isinstance(v, nn.LayerNorm) else attention_weights()  # noqa: E731
                                    for k, v in attention.items()} if len(names) > 1 else {}, **feed_forward_weights())
            self.add(name, [make() for _ in range(LAYERS)])
        self.mixer = nn.ModuleList([mixer(len(names) * (DIM + 1))])

    def forward(self, inputs, presence):
        tokens, masks = self.streams(inputs, presence)
        for layer in range(LAYERS):
            before = list(tokens)
            for index, name in enumerate(self.names):
                block, x = getattr(self, name).blocks[layer], before[index]
                others = [i for i in range(len(before)) if i != index]
                if others:
                    context = torch.cat([before[i] for i in others], 1)
                    mask = torch.cat([masks[i] for i in others], 1)
                    x = x + attend(block.attention, block.query_norm(x), block.context_norm(context), mask)
                tokens[index] = feed_forward(block, x)
        means = self.means(tokens, masks)
        return mix(self.mixer[0], torch.cat(means + [self.numbers(presence, means[0])], 1))


class Bottleneck(TokenFusion):
    def __init__(self, names):
        super().__init__(names)
        for name in names:
            make = lambda: Named(norm=nn.LayerNorm(DIM), attention=attention_weights(), **feed_forward_weights())  # noqa: E731
            self.add(name, [make() for _ in range(LAYERS)])
        self.bottlenecks, self.norm_out = vector(BOTTLENECKS, DIM), nn.LayerNorm(DIM)
        self.mixer = nn.ModuleList([mixer((len(names) + 1) * DIM + len(names))])

    def forward(self, inputs, presence):
        tokens, masks = self.streams(inputs, presence)
        shared = self.bottlenecks.expand(len(presence), -1, -1)
        every = torch.ones(len(presence), BOTTLENECKS, dtype=torch.bool)
        for layer in range(LAYERS):
            own = []
            for index, name in enumerate(self.names):
                block, length = getattr(self, name).blocks[layer], tokens[index].shape[1]
                x, mask = torch.cat([tokens[index], shared], 1), torch.cat([masks[index], every], 1)
                normed = block.norm(x)
                x = feed_forward(block, x + attend(block.attention, normed, normed, mask))
                tokens[index] = x[:, :length]
                own.append(x[:, length:])
            there = presence.to(shared.dtype)
            shared = sum(part * share[:, None, None] for part, share in zip(own, (there / there.sum(1, keepdim=True)).T))
        means = self.means(tokens, masks) + [self.norm_out(shared).mean(1)]
        return mix(self.mixer[0], torch.cat(means + [self.numbers(presence, means[0])], 1))


class SimBaMM(Fusion):
    def __init__(self, names):
        super().__init__(names)
        for name in names:
            setattr(self, name, entrance(SIZES[name][0], kind=vector(DIM)))
        self.class_token, self.norm = vector(DIM), nn.LayerNorm(DIM)
        make = lambda: Named(norm=nn.LayerNorm(DIM), attention=attention_weights(), **feed_forward_weights())  # noqa: E731
        self.blocks = nn.ModuleList([make() for _ in range(LAYERS)])

    def forward(self, inputs, presence):
        tokens = [u + own.kind for own, u, _ in self.enter(inputs, presence)]
        x = torch.stack([self.class_token.expand(len(presence), -1)] + tokens, 1)
        mask = torch.cat([torch.ones_like(presence[:, :1]), presence], 1)
        for block in self.blocks:
            normed = block.norm(x)
            x = feed_forward(block, x + attend(block.attention, normed, normed, mask))
        return self.norm(x[:, 0])


class Late(Fusion):
    def __init__(self, names):
        super().__init__(names)
        for name in names:
            head = Named(hidden=nn.ModuleList([nn.Linear(DIM, 7)]), output=nn.Linear(7, 3))
            more = {"vote": vector(1), "log_temperature": vector(1), "head": Named(label=head)}
            setattr(self, name, entrance(SIZES[name][0], **more))

    def forward(self, inputs, presence):
        alone, votes, temperatures = [], [], []
        for own, u, _ in self.enter(inputs, presence):
            head = own.head.label
            alone.append(head.output(F.gelu(head.hidden[0](F.gelu(u)))))
            votes.append(own.vote)
            temperatures.append(own.log_temperature)
        shares = torch.cat(votes).expand(len(presence), -1).masked_fill(~presence, float("-inf")).softmax(1)
        terms = [shares[:, i : i + 1] * torch.exp(-temperatures[i]) * alone[i].detach() for i in range(len(alone))]
        return sum(terms), alone

    @staticmethod
    def loss(output, presence, targets):
        fused, alone = output
        total = F.cross_entropy(fused, targets)
        for index, logits in enumerate(alone):
            there = presence[:, index]
            total = total + F.cross_entropy(logits[there], targets[there])
        return total


FUSIONS = {
    "concat": Concat, "gated": Gated, "low-rank": LowRank, "film": Film, "cross-attention": CrossAttention,
    "bottleneck": Bottleneck, "simbamm": SimBaMM, "late": Late,
}  # fmt: skip
