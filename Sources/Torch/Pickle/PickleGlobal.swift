/// The classes and functions that a checkpoint may name. None is ever called: each stands for what this reader does instead.
enum PickleGlobal: Sendable {
    case dictionary
    case size
    case storage(TorchElement)
    case dtype(TorchElement)
    case rebuild(Rebuild)
    /// Makes a tensor of an unsupported kind.
    case refusedTensor(String)
    /// Makes a value that no tensor depends on.
    case opaque

    enum Rebuild: Sendable {
        case tensor
        case tensorV2
        case tensorV3
        /// A parameter: its tensor is the first argument.
        case parameter
        /// A tensor with attributes: a function of this table and its arguments.
        case fromType
    }

    /// The literal table. What it lacks is refused.
    static func named(module: String, name: String) throws(Refusal) -> PickleGlobal {
        if let global = table["\(module).\(name)"] { return global }
        if module == "torch" || module == "torch.cuda" || module == "torch.storage", let element = storages[name] {
            return .storage(element)
        }
        if module == "torch", let size = dtypes[name] { return .dtype(TorchElement(name, size)) }
        throw .unsafe("holds \(shown("\(module).\(name)")), which is neither a tensor nor a plain container")
    }

    private static let table: [String: PickleGlobal] = [
        "collections.OrderedDict": .dictionary,
        "collections.defaultdict": .dictionary,
        "collections.Counter": .dictionary,
        "argparse.Namespace": .dictionary,
        "torch.Size": .size,

        "torch._utils._rebuild_tensor": .rebuild(.tensor),
        "torch._utils._rebuild_tensor_v2": .rebuild(.tensorV2),
        "torch._utils._rebuild_tensor_v3": .rebuild(.tensorV3),
        "torch._utils._rebuild_parameter": .rebuild(.parameter),
        "torch._utils._rebuild_parameter_with_state": .rebuild(.parameter),
        "torch._tensor._rebuild_from_type_v2": .rebuild(.fromType),

        "torch._utils._rebuild_sparse_tensor": .refusedTensor("sparse"),
        "torch._utils._rebuild_sparse_csr_tensor": .refusedTensor("sparse"),
        "torch._utils._rebuild_qtensor": .refusedTensor("quantized"),
        "torch._utils._rebuild_nested_tensor": .refusedTensor("nested"),
        "torch._utils._rebuild_meta_tensor_no_storage": .refusedTensor("without data (on the meta device)"),

        // What comes along in training checkpoints. Their results are ignored.
        "torch.Tensor": .opaque, "torch.nn.parameter.Parameter": .opaque, "torch.device": .opaque,
        "torch.serialization._get_layout": .opaque, "torch.per_tensor_affine": .opaque, "torch.per_channel_affine": .opaque,
        "numpy.dtype": .opaque, "numpy.ndarray": .opaque, "numpy.core.multiarray.scalar": .opaque,
        "numpy.core.multiarray._reconstruct": .opaque, "numpy._core.multiarray.scalar": .opaque,
        "numpy._core.multiarray._reconstruct": .opaque, "_codecs.encode": .opaque,
        "builtins.set": .opaque, "builtins.frozenset": .opaque, "builtins.bytearray": .opaque, "builtins.complex": .opaque,
        "builtins.slice": .opaque, "builtins.range": .opaque, "builtins.dict": .opaque, "builtins.list": .opaque,
        "builtins.int": .opaque, "builtins.float": .opaque, "__builtin__.set": .opaque, "__builtin__.frozenset": .opaque,
        "__builtin__.bytearray": .opaque, "__builtin__.complex": .opaque, "__builtin__.slice": .opaque,
        "__builtin__.xrange": .opaque, "__builtin__.dict": .opaque, "__builtin__.list": .opaque,
        "__builtin__.int": .opaque, "__builtin__.long": .opaque, "__builtin__.float": .opaque,
    ]

    private static let storages: [String: TorchElement] = [
        "FloatStorage": .init("float32", 4), "DoubleStorage": .init("float64", 8), "HalfStorage": .init("float16", 2),
        "BFloat16Storage": .init("bfloat16", 2), "ByteStorage": .init("uint8", 1), "CharStorage": .init("int8", 1),
        "ShortStorage": .init("int16", 2), "IntStorage": .init("int32", 4), "LongStorage": .init("int64", 8),
        "BoolStorage": .init("bool", 1), "ComplexFloatStorage": .init("complex64", 8),
        "ComplexDoubleStorage": .init("complex128", 16), "QInt8Storage": .init("qint8", 1), "QUInt8Storage": .init("quint8", 1),
        "QInt32Storage": .init("qint32", 4), "QUInt4x2Storage": .init("quint4x2", 1), "QUInt2x4Storage": .init("quint2x4", 1),
        "UntypedStorage": .untyped,
    ]

    /// Bytes an element takes.
    private static let dtypes: [String: Int] = [
        "uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8, "float16": 2, "bfloat16": 2, "float32": 4, "float64": 8,
        "bool": 1, "uint16": 2, "uint32": 4, "uint64": 8, "complex32": 4, "complex64": 8, "complex128": 16,
        "float8_e4m3fn": 1, "float8_e5m2": 1, "float8_e4m3fnuz": 1, "float8_e5m2fnuz": 1, "float8_e8m0fnu": 1,
        "float4_e2m1fn_x2": 1, "qint8": 1, "quint8": 1, "qint32": 4, "quint4x2": 1, "quint2x4": 1,
    ]
}
