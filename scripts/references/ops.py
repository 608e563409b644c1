"""Expected values of every op, optimizer and learning-rate schedule, from PyTorch and transformers.

Writes fixtures/ops.safetensors, fixtures/optimizers.safetensors and fixtures/schedules.json.
A case NAME has NAME/in0, NAME/in1, ... and NAME/out; NAME/cotangent is random, of the shape of out; NAME/gradK is the
gradient of sum(out * cotangent) with respect to inK, for each float input that is differentiated.

Requirements: torch 2.13.0 (CPU), transformers 5.23.0, safetensors 0.8.0.
Command: python scripts/references/ops.py
"""

import torch
import torch.nn.functional as F
from torch import nn

from fixture_files import save_json, save_tensors

GENERATOR = torch.Generator().manual_seed(2)


def rand(*shape):
    return torch.randn(shape, generator=GENERATOR)


def positive(*shape):
    return torch.rand(shape, generator=GENERATOR) + 0.5


def integers(high, *shape):
    return torch.randint(high, shape, generator=GENERATOR)


def case(name, function, *inputs, fixed=()):
    """Runs one op forwards and backwards. `fixed` are the float inputs that are not differentiated."""
    tensors = {f"{name}/in{k}": tensor.clone() for k, tensor in enumerate(inputs)}
    variables = [k for k, tensor in enumerate(inputs) if tensor.is_floating_point() and k not in fixed]
    inputs = [tensor.clone().requires_grad_(k in variables) for k, tensor in enumerate(inputs)]
    out = function(*inputs)
    cotangent = rand(*out.shape)
    gradients = torch.autograd.grad(out, [inputs[k] for k in variables], cotangent)
    tensors |= {f"{name}/grad{k}": gradient for k, gradient in zip(variables, gradients)}
    return tensors | {f"{name}/out": out, f"{name}/cotangent": cotangent}


def batch_norm_cases():
    inputs = rand(4, 3, 5, 5), positive(3), rand(3), rand(3), positive(3)
    updated = {}

    def train(x, weight, bias, mean, variance):
        mean, variance = mean.clone(), variance.clone()
        out = F.batch_norm(x, mean, variance, weight, bias, training=True, momentum=0.1, eps=1e-5)
        updated.update({"batch_norm_train/running_mean": mean, "batch_norm_train/running_var": variance})
        return out

    def evaluate(x, weight, bias, mean, variance):
        return F.batch_norm(x, mean, variance, weight, bias, training=False, eps=1e-5)

    tensors = case("batch_norm_train", train, *inputs, fixed=(3, 4))
    return tensors | updated | case("batch_norm_eval", evaluate, *inputs, fixed=(3, 4))


def multi_head_attention(x, in_weight, in_bias, out_weight, out_bias, keys):
    layer = nn.MultiheadAttention(8, 2, batch_first=True)
    names = "in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"
    weights = dict(zip(names, (in_weight, in_bias, out_weight, out_bias)))
    options = {"key_padding_mask": keys == 0, "need_weights": False}
    return torch.func.functional_call(layer, weights, (x, x, x), options)[0]


def op_cases():
    tensors = {}
    tensors |= case("linear", F.linear, rand(3, 5), rand(4, 5), rand(4))
    tensors |= case("conv1d", lambda x, w, b: F.conv1d(x, w, b, 2, 1), rand(2, 3, 11), rand(4, 3, 3), rand(4))
    tensors |= case("conv2d", lambda x, w, b: F.conv2d(x, w, b, 2, 1), rand(2, 3, 9, 8), rand(4, 3, 3, 3), rand(4))
    tensors |= case(
        "conv2d_groups", lambda x, w: F.conv2d(x, w, padding=1, groups=4), rand(2, 4, 6, 6), rand(4, 1, 3, 3)
    )
    tensors |= batch_norm_cases()
    tensors |= case(
        "layer_norm", lambda x, w, b: F.layer_norm(x, (6,), w, b, 1e-12), rand(2, 4, 6), positive(6), rand(6)
    )
    tensors |= case("embedding", F.embedding, integers(7, 2, 5), rand(7, 4))

    tensors |= case("gelu", F.gelu, 2 * rand(3, 7))
    tensors |= case("relu", F.relu, rand(3, 7))
    tensors |= case("tanh", torch.tanh, rand(3, 7))
    tensors |= case("sigmoid", torch.sigmoid, 3 * rand(3, 7))
    tensors |= case("softmax", lambda x: F.softmax(x, -1), 2 * rand(2, 3, 5))
    tensors |= case("log_softmax", lambda x: F.log_softmax(x, -1), 2 * rand(2, 3, 5))

    tensors |= case("max_pool2d", lambda x: F.max_pool2d(x, 3, 2, 1), rand(2, 3, 8, 8))
    tensors |= case("avg_pool2d", lambda x: F.avg_pool2d(x, 2, 2), rand(2, 3, 8, 8))
    tensors |= case("mean_dims", lambda x: x.mean((2, 3)), rand(2, 3, 4, 5))

    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    qkv = rand(2, 2, 5, 4), rand(2, 2, 5, 4), rand(2, 2, 5, 4)
    tensors |= case("attention", F.scaled_dot_product_attention, *qkv, mask.bool()[:, None, None])
    projections = rand(24, 8), rand(24), rand(8, 8), rand(8)
    tensors |= case("multi_head_attention", multi_head_attention, rand(2, 5, 8), *projections, mask.to(torch.uint8))

    tensors |= case("cross_entropy", F.cross_entropy, 2 * rand(6, 4), integers(4, 6))
    tensors |= case(
        "cross_entropy_weighted",
        lambda x, y, w: F.cross_entropy(x, y, w, label_smoothing=0.1),
        *(2 * rand(6, 4), integers(4, 6), positive(4)),
        fixed=(2,),
    )
    targets = integers(2, 5, 3).float()
    tensors |= case("bce_with_logits", F.binary_cross_entropy_with_logits, 2 * rand(5, 3), targets, fixed=(1,))
    tensors |= case("mse", F.mse_loss, rand(3, 4), rand(3, 4))

    tensors |= case("matmul", torch.matmul, rand(2, 3, 4), rand(2, 4, 5))
    tensors |= case("cat", lambda a, b: torch.cat((a, b), 1), rand(2, 3), rand(2, 3))
    condition = integers(2, 3, 4).to(torch.uint8)
    tensors |= case("where", lambda c, a, b: torch.where(c.bool(), a, b), condition, rand(3, 4), rand(3, 4))
    return tensors


def optimizer_cases():
    recipes = {
        "adamw": (torch.optim.AdamW, {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.1}),
        "sgd": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
        "sgd_nesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}),
    }
    tensors = {}
    for name, (optimizer, options) in recipes.items():
        parameter = nn.Parameter(rand(4, 3))
        tensors[f"{name}/param0"] = parameter.detach().clone()
        optimizer = optimizer([parameter], **options)
        for step in range(5):
            tensors[f"{name}/grad{step}"] = parameter.grad = rand(4, 3)
            optimizer.step()
            tensors[f"{name}/param{step + 1}"] = parameter.detach().clone()

    parameters = [nn.Parameter(rand(4, 3)), nn.Parameter(rand(5))]
    for k, parameter in enumerate(parameters):
        parameter.grad = 2 * rand(*parameter.shape)
        tensors[f"clip/grad{k}"] = parameter.grad.clone()
    tensors["clip/norm"] = nn.utils.clip_grad_norm_(parameters, 1.0)
    return tensors | {f"clip/clipped{k}": parameter.grad for k, parameter in enumerate(parameters)}


def long_cases(steps=100):
    """timm's Lion and LAMB over many steps, and PyTorch's moving average of weights."""
    import reference_imports  # noqa: F401 (timm imports torchvision)
    import timm.optim

    recipes = {
        "lion": (timm.optim.Lion, {"lr": 0.003, "betas": (0.9, 0.99), "weight_decay": 0.1}),
        "lamb": (timm.optim.Lamb, {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0.1, "max_grad_norm": None}),
        "lamb_plain": (timm.optim.Lamb, {"lr": 0.01, "betas": (0.9, 0.999), "eps": 1e-6, "weight_decay": 0.0, "max_grad_norm": None}),
    }
    tensors = {}
    for name, (optimizer, options) in recipes.items():
        parameter = nn.Parameter(rand(4, 3))
        tensors[f"{name}/param0"] = parameter.detach().clone()
        optimizer = optimizer([parameter], **options)
        gradients = rand(steps, 4, 3)
        tensors[f"{name}/gradients"] = gradients
        for step in range(steps):
            parameter.grad = gradients[step].clone()
            optimizer.step()
        tensors[f"{name}/param{steps}"] = parameter.detach().clone()
    layer = nn.Linear(3, 2)
    average = torch.optim.swa_utils.AveragedModel(layer, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    average.update_parameters(layer)  # the first call copies
    weights = rand(steps, 2, 3)
    tensors |= {"ema/weight0": layer.weight.detach().clone(), "ema/weights": weights}
    for step in range(steps):
        layer.weight.data.copy_(weights[step])
        average.update_parameters(layer)
    return tensors | {f"ema/average{steps}": average.module.weight.detach().clone()}


def schedules(steps=100, warmup=10):
    """The factor on the learning rate at each step."""
    from transformers import optimization

    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    references = {
        "constant": optimization.get_constant_schedule_with_warmup(optimizer, warmup),
        "cosine": optimization.get_cosine_schedule_with_warmup(optimizer, warmup, steps),
        "linear": optimization.get_linear_schedule_with_warmup(optimizer, warmup, steps),
    }
    factors = {name: [schedule.lr_lambdas[0](step) for step in range(steps)] for name, schedule in references.items()}
    step_decay = [step / warmup if step < warmup else 0.1 ** (step // 30) for step in range(steps)]
    return factors | {"step": step_decay}


if __name__ == "__main__":
    torch.set_num_threads(1)
    save_tensors("ops.safetensors", op_cases())
    save_tensors("optimizers.safetensors", optimizer_cases() | long_cases())
    save_json("schedules.json", schedules())
