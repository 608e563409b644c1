extension PluginKind {
    /// What keeps one modality from starving the others: OGM-GE, gradient blending or MMPareto.
    public static let balance = PluginKind(name: "balance", paper: "docs/fusions.md") { reader, around in
        let settings = BalanceSettings(&reader, around)
        switch settings.method {
        case .none: return nil
        case .ogmGE:
            let last = Int((settings.until * Double(around.epochs)).rounded())
            return { try GradientModulation(settings.alpha, last: last, $0) }
        case .mmPareto: return { try MMPareto($0, gamma: settings.gamma) }
        case .gradientBlending: return { try GradientBlending($0, every: settings.every) }
        }
    }
}

/// How training keeps one modality from starving the others.
struct BalanceSettings: Sendable {
    /// The ways there are.
    enum Method: String, CaseIterable, Sendable {
        case none
        /// Peng et al. 2022, arXiv:2203.15332.
        case ogmGE = "ogm-ge"
        /// Wang et al. 2020, arXiv:1905.12681.
        case gradientBlending = "gradient-blending"
        /// Wei and Hu 2024, arXiv:2405.17730.
        case mmPareto = "mmpareto"
    }

    let method: Method
    /// OGM-GE's alpha.
    let alpha: Double
    /// The share of the epochs in which OGM-GE acts.
    let until: Double
    /// Epochs between two estimates of gradient blending's weights.
    let every: Int
    /// MMPareto's gamma.
    let gamma: Double

    init(_ reader: inout ConfigurationReader, _ around: PluginKind.Surroundings) {
        let path = "training.balance.method"
        method = reader.choice(path, .none, "What keeps one modality from starving the others.", records: around.modalities > 1)
        alpha = reader.double(
            "training.balance.alpha", 0.3, 0.001...100,
            "How hard ogm-ge slows a modality that is ahead: its gradients are scaled by 1 - tanh(alpha × its lead).",
            records: method == .ogmGE)
        every = reader.int(
            "training.balance.every", 5, 1...1_000_000,
            "Epochs from one estimate of gradient-blending's loss weights to the next.", records: method == .gradientBlending)
        until = reader.double(
            "training.balance.until", 0.5, 0...1, "Share of the epochs in which ogm-ge acts, from the first on.",
            records: method == .ogmGE)
        gamma = reader.double(
            "training.balance.gamma", 1.5, 0.01...100, "How much mmpareto lengthens the gradients of encoders and projections.",
            records: method == .mmPareto)
        reader.refuse(path, unless: around.modalities != 1 || method == .none, "acts only with two modalities or more")
        reader.refuse(
            path, unless: !around.fusion.hasOwnHeads || method == .none,
            "fusion.type: \(around.fusion.name) trains each modality by itself, so there is nothing to balance")
        reader.refuse(
            path, unless: method != .ogmGE || around.modalityDropout > 0 || around.modalities == 1,
            "ogm-ge shows the model one modality at a time, and with fusion.modality_dropout: 0 it never learns to do without the others; set it above 0"
        )
        reader.refuse("training.balance.until", unless: method == .ogmGE, "acts only with training.balance.method: ogm-ge")
        reader.refuse("training.balance.gamma", unless: method == .mmPareto, "acts only with training.balance.method: mmpareto")
        reader.refuse("training.balance.alpha", unless: method == .ogmGE, "acts only with training.balance.method: ogm-ge")
        reader.refuse(
            "training.balance.every", unless: method == .gradientBlending,
            "acts only with training.balance.method: gradient-blending")
    }
}
