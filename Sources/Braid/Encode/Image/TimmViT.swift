internal import Foundation
internal import Torch

/// A Vision Transformer that timm has a name for; what `model_args` of `config.json` says changes it.
struct TimmViT: Sendable {
    /// timm's name of the architecture.
    let name: String
    /// Where it is described.
    let paper: String
    private let image: Int
    private let shape: VisionShape

    /// - Parameters:
    ///   - name: timm's name of the architecture.
    ///   - paper: Where it is described.
    ///   - size: One of `sizes`.
    ///   - patch: The side of a patch, in pixels.
    ///   - image: The side of the pictures that it was trained on.
    ///   - change: What is not as in a plain ViT.
    init(
        _ name: String, _ paper: String, _ size: String, patch: Int, image: Int, _ change: (inout VisionShape) -> Void = { _ in }
    ) {
        (self.name, self.paper, self.image) = (name, paper, image)
        var shape = VisionShape()
        let sizes = Self.sizes[size] ?? (768, 12, 12, 3072)
        (shape.hidden, shape.layers, shape.heads, shape.intermediate) = sizes
        shape.patch = patch
        shape.grid = VisionShape.Grid(rows: image / patch, columns: image / patch)
        (shape.joinsProjections, shape.resampling) = (true, .antialiased)
        change(&shape)
        self.shape = shape
    }

    /// Hidden size, blocks, heads, and the size inside the perceptrons.
    private static let sizes = [
        "tiny": (192, 12, 3, 768), "small": (384, 12, 6, 1536), "medium": (512, 12, 8, 2048), "base": (768, 12, 12, 3072),
        "large": (1024, 24, 16, 4096), "huge": (1280, 32, 16, 5120), "giant": (1536, 40, 24, 4096),
        "so400m": (1152, 27, 16, 4304),
    ]

    /// Builds it, from files of timm, and of torchvision where that has it.
    var builder: EncoderBuilder {
        EncoderBuilder(
            modality: .image, name: name, paper: paper, layouts: { [.torchvisionViT(layers: try stated($0).layers)] },
            adapters: .vision,
            build: { source in
                var shape = try stated(source.config)
                shape.grid = grid(shape, source.scope)
                // Its own evaluation at 224 pixels, and torchvision's of larger ones.
                let bare: ImageFrontEnd =
                    image == 224
                    ? .torchvision(resize: 256, crop: 224, .bilinear) : .torchvision(resize: image, crop: image, .bicubic)
                return (try VisionTransformer(source.scope, shape), try ImageFrontEnd(source, bare: bare))
            })
    }

    /// What of `model_args` is read.
    private static let arguments: Set<String> = [
        "img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "qkv_bias", "class_token", "reg_tokens",
        "no_embed_class", "pre_norm", "init_values", "global_pool", "fc_norm",
        // These change nothing of weights that are loaded: pictures of any size are taken, and weights begin as they are.
        "dynamic_img_size", "weight_init", "fix_init",
    ]

    /// The shape with what `config.json` says of it.
    private func stated(_ config: JSONObject) throws -> VisionShape {
        try config.expectPlainTimm(besides: Self.arguments)
        let given = try config.object("model_args")
        var shape = shape
        try resize(&shape, given)
        shape.hasProjectionBias = try given.bool("qkv_bias", shape.hasProjectionBias)
        if given.has("pre_norm") {
            shape.hasFirstNorm = try given.bool("pre_norm")
            shape.hasPatchBias = !shape.hasFirstNorm
        }
        if given.has("init_values") {
            _ = try given.double("init_values")
            shape.scalesLayers = true
        }
        let isPlaced = shape.prefix.positions > 0 || shape.prefix.count == 0
        shape.prefix.hasClass = try given.bool("class_token", shape.prefix.hasClass)
        shape.prefix.registers = try given.int("reg_tokens", shape.prefix.registers)
        shape.prefix.positions = try given.bool("no_embed_class", !isPlaced) ? 0 : shape.prefix.count
        try pool(&shape, config, given)
        try shape.check(config)
        return shape
    }

    private func resize(_ shape: inout VisionShape, _ given: JSONObject) throws {
        shape.hidden = try given.int("embed_dim", shape.hidden)
        shape.layers = try given.int("depth", shape.layers)
        shape.heads = try given.int("num_heads", shape.heads)
        let patch = try given.sides("patch_size", shape.patch)
        let size = try given.sides("img_size", image)
        guard patch.height > 0, patch.height == patch.width, (1...100_000).contains(shape.hidden) else {
            throw given.fault("patch_size and embed_dim must be 1 or more, and patches squares")
        }
        shape.patch = patch.height
        shape.grid = VisionShape.Grid(rows: size.height / shape.patch, columns: size.width / shape.patch)
        guard given.has("embed_dim") || given.has("mlp_ratio") else { return }
        let inner = if case .gated = shape.perceptron { 2 } else { 1 }
        let ratio = Double(self.shape.intermediate * inner) / Double(self.shape.hidden)
        let wide = Double(shape.hidden) * (try given.double("mlp_ratio", ratio))
        guard (1...1e6).contains(wide) else { throw given.fault("mlp_ratio gives perceptrons of no size that can be built") }
        shape.intermediate = Int(wide) / inner
    }

    /// The pooling: what the arguments say, else what the file says of the model that was saved, else the architecture's own.
    private func pool(_ shape: inout VisionShape, _ config: JSONObject, _ given: JSONObject) throws {
        let own =
            switch shape.pooling {
            case .attention: "map"
            case .mean: "avg"
            default: "token"
            }
        let name = try given.string("global_pool", config.string("global_pool", own))
        switch name {
        case "token": shape.pooling = shape.prefix.hasDistillation ? .classAndDistillation : .classToken
        case "avg": shape.pooling = .mean
        case "map": shape.pooling = .attention
        default: throw config.fault("global_pool \(name) is not known; this version has token, avg and map")
        }
        guard name != "token" || shape.prefix.hasClass else {
            throw config.fault("global_pool is token, but class_token says that there is none")
        }
        shape.normsPooled = try given.bool("fc_norm", name == "avg")
    }

    /// The grid that a file's positions are of: timm brings them to another when it loads them, so that files of either exist.
    private func grid(_ shape: VisionShape, _ scope: Scope) -> VisionShape.Grid {
        guard let stored = scope.shape(of: "pos_embed"), stored.count == 3 else { return shape.grid }
        let count = stored[1] - shape.prefix.positions
        let side = Int(Double(max(0, count)).squareRoot().rounded())
        return count == shape.grid.count || side * side != count ? shape.grid : VisionShape.Grid(rows: side, columns: side)
    }
}
