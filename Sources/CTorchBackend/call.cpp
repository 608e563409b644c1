// Operators, by schema name, through libtorch's dispatcher.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <unordered_map>

#include "ctorch.h"
#include "guard.h"
#include "handles.h"

namespace {

using c10::IValue;

/// What `name` is to the dispatcher: "add.Tensor" is operator "aten::add", overload "Tensor".
c10::OperatorHandle look_up(const std::string &name) {
    const auto scope = name.find("::");
    const auto dot = name.find('.', scope == std::string::npos ? 0 : scope + 2);
    const auto base = (scope == std::string::npos ? "aten::" : "") + name.substr(0, dot);
    const auto overload = dot == std::string::npos ? std::string() : name.substr(dot + 1);
    return c10::Dispatcher::singleton().findSchemaOrThrow(base.c_str(), overload.c_str());
}

const c10::OperatorHandle &find(const char *name) {
    // By the address: names are literals, and to compare their letters takes longer than many an operator. Per thread, so that a look-up takes no
    // lock.
    thread_local std::unordered_map<const char *, c10::OperatorHandle> known;
    const auto found = known.find(name);
    if (found != known.end()) return found->second;
    return known.emplace(name, look_up(name)).first->second;
}

IValue tensors(const ct_value &value, const c10::TypePtr &type) {
    const auto *handles = static_cast<const ct_tensor *>(value.pointer);
    const auto list = type->cast<c10::ListType>();
    // An empty list is one of whatever the schema wants.
    if (list && value.count == 0) return c10::impl::GenericList(list->getElementType());
    if (list && list->getElementType()->kind() == c10::TypeKind::OptionalType) {
        c10::List<std::optional<at::Tensor>> result;
        for (size_t i = 0; i < value.count; ++i) {
            result.push_back(handles[i] ? std::optional(braid::borrow(handles[i])) : std::nullopt);
        }
        return result;
    }
    c10::List<at::Tensor> result;
    for (size_t i = 0; i < value.count; ++i) result.push_back(braid::borrow(handles[i]));
    return result;
}

/// A list of floats, or of the optional scalars that oneDNN's fused operators take.
IValue numbers(const ct_value &value, const c10::TypePtr &type) {
    const auto *first = static_cast<const double *>(value.pointer);
    const auto list = type->cast<c10::ListType>();
    const auto optional = list ? list->getElementType()->cast<c10::OptionalType>() : nullptr;
    if (optional && optional->getElementType()->kind() == c10::TypeKind::NumberType) {
        c10::List<std::optional<at::Scalar>> result;
        for (size_t i = 0; i < value.count; ++i) result.push_back(at::Scalar(first[i]));
        return result;
    }
    c10::List<double> result;
    for (size_t i = 0; i < value.count; ++i) result.push_back(first[i]);
    return result;
}

template <typename Element>
IValue list(const ct_value &value) {
    const auto *first = static_cast<const Element *>(value.pointer);
    c10::List<Element> result;
    for (size_t i = 0; i < value.count; ++i) result.push_back(first[i]);
    return result;
}

IValue argument(const ct_value &value, const c10::TypePtr &type) {
    switch (value.tag) {
        case CT_NONE: return IValue();
        case CT_TENSOR: return braid::borrow(static_cast<ct_tensor>(const_cast<void *>(value.pointer)));
        case CT_INT: return type->kind() == c10::TypeKind::FloatType ? IValue(double(value.integer)) : IValue(value.integer);
        case CT_DOUBLE: return value.number;
        case CT_BOOL: return value.integer != 0;
        case CT_STRING: return std::string(static_cast<const char *>(value.pointer));
        case CT_INTS: return list<int64_t>(value);
        case CT_DOUBLES: return numbers(value, type);
        case CT_TENSORS: return tensors(value, type);
        case CT_DEVICE: return c10::Device(static_cast<const char *>(value.pointer));
        case CT_GENERATOR: return braid::generator();
    }
    TORCH_CHECK(false, "unknown argument tag ", int(value.tag));
}

/// The types an argument may have: `dispatcher.callBoxed` trusts the stack, so what does not fit is refused here.
void check(const IValue &value, const c10::Argument &expected) {
    auto type = expected.type();
    if (const auto optional = type->cast<c10::OptionalType>()) {
        if (value.isNone()) return;
        type = optional->getElementType();
    }
    bool fits = false;
    switch (type->kind()) {
        // Told apart without a type of their own, which for a tensor is a description of all its sizes.
        case c10::TypeKind::TensorType: fits = value.isTensor(); break;
        case c10::TypeKind::BoolType: fits = value.isBool(); break;
        case c10::TypeKind::FloatType: fits = value.isDouble(); break;
        case c10::TypeKind::IntType: fits = value.isInt(); break;
        case c10::TypeKind::NumberType: fits = value.isScalar(); break;
        case c10::TypeKind::SymIntType: fits = value.isInt(); break;
        case c10::TypeKind::ListType: {
            const auto element = type->expectRef<c10::ListType>().getElementType()->kind();
            const bool integers = element == c10::TypeKind::SymIntType || element == c10::TypeKind::IntType;
            const bool tensors = element == c10::TypeKind::TensorType || element == c10::TypeKind::OptionalType;
            fits = (integers && value.isIntList()) || (tensors && value.isList()) || value.type()->isSubtypeOf(*type);
            break;
        }
        default: fits = value.type()->isSubtypeOf(*type);
    }
    TORCH_CHECK(fits, "argument '", expected.name(), "' must be ", expected.type()->repr_str(), ", not ", value.tagKind());
}

std::vector<at::Tensor> flatten(const torch::jit::Stack &stack) {
    std::vector<at::Tensor> results;
    for (const auto &value : stack) {
        if (value.isTensorList()) {
            for (const auto &tensor : value.toTensorVector()) results.push_back(tensor);
        } else {
            results.push_back(value.toTensor());
        }
    }
    return results;
}

}  // namespace

int ct_call(
    const char *name, const ct_value *arguments, size_t count, ct_tensor *results, size_t capacity,
    size_t *result_count) {
    return braid::guard([&] {
        const auto &op = find(name);
        const auto &schema = op.schema();
        const auto &expected = schema.arguments();
        TORCH_CHECK(count <= expected.size(), name, " takes ", expected.size(), " arguments, not ", count);
        torch::jit::Stack stack;
        stack.reserve(expected.size());
        for (size_t i = 0; i < expected.size(); ++i) {
            if (i < count) {
                stack.push_back(argument(arguments[i], expected[i].type()));
                check(stack.back(), expected[i]);
            } else {
                TORCH_CHECK(expected[i].default_value(), name, ": argument '", expected[i].name(), "' is missing");
                stack.push_back(*expected[i].default_value());
            }
        }
        op.callBoxed(&stack);
        auto tensors = flatten(stack);
        TORCH_CHECK(tensors.size() <= capacity, name, " has ", tensors.size(), " results; ", capacity, " were expected");
        for (size_t i = 0; i < tensors.size(); ++i) results[i] = braid::give(std::move(tensors[i]));
        *result_count = tensors.size();
    });
}
