// 3x3 convolutions at stride 1 by Winograd's filtering, as operators of libtorch's dispatcher: docs/decisions/023-winograd-around-a-batched-product.md.
#include "winograd.h"

#include <ATen/Functions.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <array>

namespace braid::winograd {

namespace {

constexpr auto channels_last = at::MemoryFormat::ChannelsLast;

template <typename T>
void convolve(const at::Tensor &maps, const at::Tensor &weight, const Epilogue &epilogue, const at::Tensor &result) {
    const Tiling<T> tiling(maps.size(2), maps.size(3));
    const int64_t in = weight.size(1), out = weight.size(2), tiles = maps.size(0) * tiling.tiles_a_map();
    const int64_t most = block(T::products, in + out, tiles);
    const Matrices values(T::products, most, in, maps.options()), products(T::products, most, out, maps.options());
    for (int64_t first = 0; first < tiles; first += most) {
        const int64_t count = std::min(most, tiles - first);
        transform(tiling, maps.const_data_ptr<float>(), first, count, values);
        auto sums = products.first(count);
        at::bmm_out(sums, values.first(count), weight);
        restore(tiling, products, first, count, epilogue, result.data_ptr<float>());
    }
}

/// The gradient of transformed weights, `[16 or 36, in, out]`: the sum over tiles of values times their outputs' gradients.
template <typename T>
at::Tensor weight_gradient(const at::Tensor &maps, const at::Tensor &gradient) {
    const Tiling<T> tiling(maps.size(2), maps.size(3));
    const int64_t in = maps.size(1), out = gradient.size(1), tiles = maps.size(0) * tiling.tiles_a_map();
    const int64_t most = block(T::products, in + out, tiles);
    const Matrices values(T::products, most, in, maps.options()), products(T::products, most, out, maps.options());
    auto result = at::zeros({T::products, in, out}, maps.options());
    for (int64_t first = 0; first < tiles; first += most) {
        const int64_t count = std::min(most, tiles - first);
        transform(tiling, maps.const_data_ptr<float>(), first, count, values);
        spread(tiling, gradient.const_data_ptr<float>(), first, count, products);
        at::baddbmm_out(result, result, values.first(count).transpose(1, 2), products.first(count));
    }
    return result;
}

/// Kernels `[out, in, 3, 3]` for tiles of `side` outputs, 2 or 4: `[16 or 36, in, out]`.
at::Tensor winograd_weight(const at::Tensor &weight, int64_t side) {
    TORCH_CHECK(weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3, "a kernel of 3x3 is expected");
    TORCH_CHECK(side == 2 || side == 4, "tiles of 2 or 4 pixels are expected, not ", side);
    TORCH_CHECK(
        weight.size(0) % lane_count == 0 && weight.size(1) % lane_count == 0, "channels must come in groups of ", lane_count);
    return weigh(weight.to(at::kFloat), side);
}

/// A convolution whose backward is Winograd's too: of the input with the kernels turned round, of the weights over the same tiles.
struct Trained : torch::autograd::Function<Trained> {
    static at::Tensor forward(
        torch::autograd::AutogradContext *context, const at::Tensor &input, const at::Tensor &weight,
        const std::optional<at::Tensor> &bias, int64_t side) {
        context->save_for_backward({input, weight});
        context->saved_data["side"] = side;
        context->saved_data["bias"] = bias.has_value();
        return convolution(input, weigh(weight, side), bias, std::nullopt, false);
    }

    static torch::autograd::variable_list backward(
        torch::autograd::AutogradContext *context, const torch::autograd::variable_list &gradients) {
        const auto saved = context->get_saved_variables();
        const auto &input = saved[0], &weight = saved[1];
        const int64_t side = context->saved_data["side"].toInt();
        const auto gradient = gradients[0].contiguous(channels_last);
        at::Tensor of_input, of_weight, of_bias;
        if (context->needs_input_grad(0)) {
            const auto turned = weight.flip({2, 3}).transpose(0, 1);
            of_input = convolution(gradient, weigh(turned, side), std::nullopt, std::nullopt, false);
        }
        if (context->needs_input_grad(1)) {
            const auto maps = input.contiguous(channels_last);
            of_weight = gather(side == 4 ? weight_gradient<Tile<4>>(maps, gradient) : weight_gradient<Tile<2>>(maps, gradient));
        }
        if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) of_bias = gradient.sum({0, 2, 3});
        return {of_input, of_weight, of_bias, at::Tensor()};
    }
};

/// `conv2d` of 3x3 at stride 1 with a zero on each side, as it is trained. Where autocast asks for another precision, libtorch's own.
at::Tensor winograd_training(
    const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias, int64_t side) {
    if (at::autocast::is_autocast_enabled(at::kCPU)) return at::conv2d(input, weight, bias, 1, 1);
    return Trained::apply(input, weight, bias, side);
}

}  // namespace

at::Tensor convolution(
    const at::Tensor &input, const at::Tensor &weight, const std::optional<at::Tensor> &bias, const std::optional<at::Tensor> &addend,
    bool rectifies) {
    TORCH_CHECK(input.dim() == 4 && input.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat, "float32 maps are expected");
    const int64_t in = input.size(1), out = weight.size(2), products = weight.size(0);
    TORCH_CHECK(
        (products == Tile<4>::products || products == Tile<2>::products) && weight.size(1) == in && weight.is_contiguous(), "weights of ",
        in, " channels are expected, not ", weight.sizes());
    TORCH_CHECK(in % lane_count == 0 && out % lane_count == 0, "channels must come in groups of ", lane_count);
    TORCH_CHECK(!bias || (bias->numel() == out && bias->is_contiguous()), "a bias of ", out, " values is expected");
    const std::array<int64_t, 4> shape{input.size(0), out, input.size(2), input.size(3)};
    TORCH_CHECK(
        !addend || (addend->sizes() == shape && addend->is_contiguous(channels_last)),
        "an addend of the result's shape in channels last is expected");
    const auto maps = input.contiguous(channels_last);
    auto result = addend ? *addend : at::empty(shape, input.options().memory_format(channels_last));
    if (result.numel() == 0) return result;
    const Epilogue epilogue{bias ? bias->const_data_ptr<float>() : nullptr, addend.has_value(), rectifies};
    products == Tile<4>::products ? convolve<Tile<4>>(maps, weight, epilogue, result) : convolve<Tile<2>>(maps, weight, epilogue, result);
    return result;
}

}  // namespace braid::winograd

TORCH_LIBRARY_FRAGMENT(braid, library) {
    library.def("winograd_weight(Tensor weight, int side) -> Tensor", braid::winograd::winograd_weight);
    library.def("winograd_convolution(Tensor input, Tensor weight, Tensor? bias, Tensor(a!)? addend, bool rectifies) -> Tensor");
    library.def("winograd_training(Tensor input, Tensor weight, Tensor? bias, int side) -> Tensor", braid::winograd::winograd_training);
}

TORCH_LIBRARY_IMPL(braid, CPU, library) { library.impl("winograd_convolution", braid::winograd::convolution); }
