internal import Torch

/// HTS-AT (Chen et al. 2022, arXiv:2202.00874) as CLAP's audio tower (Wu et al. 2023, arXiv:2211.06687): a Swin Transformer on a spectrogram that is cut
/// into stretches of time, which are laid above one another to a square.
///
/// The embedding is the mean over the tokens, behind the projection into the space that CLAP shares with its texts where there is one. Parameters have
/// timm's names of Swin, and `batch_norm` in front, `projection.linear1` and `projection.linear2` behind.
struct HTSAT: BlockwiseEncoder {
    /// What tells one from another.
    struct Shape {
        /// The Swin Transformer on the square.
        var tower = SwinTransformer.Shape(channels: 1, joinsProjections: false)
        /// Mel bins of a frame.
        var melBins = 64
        /// The side of the square.
        var side = 256
        /// The projection behind; nil for none.
        var projection: (dimension: Int, activation: Activation)?

        /// Stretches of time in the square.
        var stretches: Int { side / melBins }
        /// Frames that the square holds.
        var frames: Int { side * stretches }
        /// The side of the last map, in tokens.
        var lastSide: Int { (side / tower.patchStride) >> (tower.depths.count - 1) }
    }

    /// D, the size of an embedding.
    let dimension: Int
    /// C, the size of a token: that of the last stage.
    var tokenDimension: Int { tower.dimension }
    /// Path prefixes of the parameters: the norm of mel bins and the patches, each block, the last norm and the projection.
    let blocks: [[String]]
    private let shape: Shape
    private let norm: BatchNorm
    private let tower: SwinTransformer
    private let projection: ClapProjection?

    /// Asks `scope` for the weights of an encoder of this shape.
    ///
    /// - Throws: Where a weight cannot be read or made. One that is missing or of another size is noted in the store's `report`.
    init(_ scope: Scope, _ shape: Shape) throws {
        norm = try BatchNorm(scope / "batch_norm", shape.melBins)
        let tower = try SwinTransformer(scope, shape.tower)
        projection = try shape.projection.map {
            try ClapProjection(scope / "projection", tower.dimension, $0.dimension, $0.activation)
        }
        dimension = projection?.dimension ?? tower.dimension
        var blocks = tower.blocks
        blocks[0].insert("batch_norm.", at: 0)
        if projection != nil { blocks[blocks.count - 1].append("projection.") }
        (self.tower, self.blocks, self.shape) = (tower, blocks, shape)
    }

    /// Block 0 folds windows `[B, frames, mels]` and makes a map of them; the others are Swin's, `[B, h, w, C]` to `[B, h, w, C]`.
    ///
    /// - Throws: `TorchError` where the input has more frames than the square holds, or another shape.
    func run(_ range: Range<Int>, _ input: Activations, mode: Mode) throws -> Activations {
        guard range.contains(0) else { return try tower.run(range, input, mode: mode) }
        let banks = try norm(input.values.transposed(1, 2), mode: mode).transposed(1, 2)
        return try tower.run(range, Activations(values: folded(banks)), mode: mode)
    }

    /// `[B, frames, mels]` to `[B, 1, side, side]`: resampled to the frames that the square holds, then each stretch with its pitches as rows, the first on
    /// top.
    private func folded(_ banks: Tensor) throws -> Tensor {
        let batch = banks.shape[0]
        var x = try banks.unsqueezed(1)
        if x.shape[2] != shape.frames { x = try x.bicubic(height: shape.frames, width: shape.melBins, alignsCorners: true) }
        return try x.reshaped([batch, shape.stretches, shape.side, shape.melBins]).transposed(2, 3)
            .reshaped([batch, 1, shape.side, shape.side])
    }

    /// `pooled` is `[B, D]`; `tokens` are `[B, T, C]`: pitch by pitch, the stretches of time behind one another again.
    ///
    /// - Throws: `TorchError` where libtorch fails.
    func encoding(_ last: Activations, mode: Mode) throws -> Encoding {
        let map = try tower.map(last)
        let (batch, pitches) = (map.shape[0], map.shape[1] / shape.stretches)
        let tokens = try map.reshaped([batch, shape.stretches, pitches, map.shape[2], tower.dimension]).permuted([0, 2, 1, 3, 4])
            .reshaped([batch, map.shape[1] * map.shape[2], tower.dimension])
        let mean = try tokens.mean([1])
        return Encoding(pooled: try projection?(mean, mode: mode) ?? mean, tokens: tokens)
    }
}

extension HTSAT.Shape {
    /// The sizes that Transformers' `config.json` states.
    ///
    /// - Parameter config: The settings of the audio tower.
    /// - Throws: `BraidError` where it asks for what is not built here.
    init(_ config: JSONObject) throws {
        guard try !config.bool("enable_fusion", false) else {
            throw config.fault(
                "enable_fusion is true: this version has CLAP without feature fusion, such as laion/clap-htsat-unfused")
        }
        try config.expect("flatten_patch_embeds", true)
        try config.expect("enable_patch_layer_norm", true)
        guard try config.int("patch_embed_input_channels", 1) == 1 else {
            throw config.fault("patch_embed_input_channels must be 1 in this version")
        }
        melBins = try config.int("num_mel_bins", melBins)
        side = try config.int("spec_size", side)
        tower.width = try config.int("patch_embeds_hidden_size", 96)
        tower.depths = try config.ints("depths", tower.depths)
        tower.heads = try config.ints("num_attention_heads", [4, 8, 16, 32])
        tower.window = try config.int("window_size", 8)
        tower.ratio = try config.double("mlp_ratio", 4)
        tower.hasProjectionBias = try config.bool("qkv_bias", true)
        tower.activation = try config.activation("hidden_act", .gelu)
        tower.epsilon = try config.positive("layer_norm_eps", 1e-5)
        tower.dropout = try config.double("hidden_dropout_prob", 0.1)
        tower.attentionDropout = try config.double("attention_probs_dropout_prob", 0)
        tower.outputDropout = tower.attentionDropout
        tower.patch = try config.side("patch_size", 4)
        tower.patchStride = try config.side("patch_stride", 4)
        try SwinTransformer.check(tower, config)
        guard (1...1024).contains(melBins), (1...4096).contains(side), side.isMultiple(of: melBins),
            (1...64).contains(tower.patch), (1...tower.patch).contains(tower.patchStride),
            (tower.patch - tower.patchStride).isMultiple(of: 2), side.isMultiple(of: tower.patchStride << (tower.depths.count - 1)),
            lastSide.isMultiple(of: stretches), lastSide.isMultiple(of: tower.window)
        else {
            throw config.fault(
                "the sizes do not fit together: num_mel_bins must divide spec_size, and patches, merging and windows of \(tower.window) must divide what they are laid over"
            )
        }
    }
}

extension JSONObject {
    /// A size that is written as one number, or as two that are alike.
    fileprivate func side(_ name: String, _ fallback: Int) throws -> Int {
        guard fields[name] is [Any] else { return try int(name, fallback) }
        let both = try ints(name)
        guard both.count == 2, both[0] == both[1] else { throw fault("\(name) is \(both); this version has it the same both ways") }
        return both[0]
    }
}

extension HTSAT {
    /// The names of the whole model, whose text tower is left out, and of an audio tower that was saved by itself.
    private static func layouts(_ tower: SwinTransformer.Shape) -> [KeyMap] {
        let whole = "audio_model.audio_encoder."
        let rename = { (prefix: String) in
            KeyMap.swinBlocks(tower, in: prefix).map { (from: $0.0, to: $0.1) } + [
                (from: prefix, to: ""), (from: "audio_projection.", to: "projection."),
            ]
        }
        return [
            KeyMap(
                "Hugging Face", markers: [whole], renamed: rename(whole),
                dropped: ["text_model.", "text_projection.", "logit_scale_"]),
            KeyMap("Hugging Face, the bare tower", markers: ["audio_encoder."], renamed: rename("audio_encoder.")),
        ]
    }

    /// `clap`, the whole model, and `clap_audio_model`, a tower by itself.
    static let builders = ["clap", "clap_audio_model"].map { name in
        let isWhole = name == "clap"
        let settings = { @Sendable (config: JSONObject) in try isWhole ? config.object("audio_config") : config }
        return EncoderBuilder(
            modality: .audio, name: name, paper: "arXiv:2211.06687", layouts: { layouts(try Shape(settings($0)).tower) },
            adapters: .vision,
            build: { source in
                let config = source.config
                var shape = try Shape(settings(config))
                let projects =
                    try isWhole || source.scope.holds("projection.linear1.weight")
                    || config.strings("architectures", []).contains("ClapAudioModelWithProjection")
                if projects { shape.projection = try config.clapProjection() }
                let frontEnd = try ClapFrontEnd(source, melBins: shape.melBins, mostFrames: shape.frames)
                return (try HTSAT(source.scope, shape), frontEnd)
            }
        )
        .usually("laion/clap-htsat-unfused", licence: "Apache-2.0")
    }
}
