extension PluginKind {
    /// What keeps one modality from starving the others: OGM-GE or gradient blending.
    public static let balance = PluginKind(name: "balance", paper: "docs/fusions.md") { reader, around in
        let settings = BalanceSettings(&reader, around)
        switch settings.method {
        case .none: return nil
        case .ogmGE: return { try GradientModulation(settings.alpha, $0) }
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
    }

    let method: Method
    /// OGM-GE's alpha.
    let alpha: Double
    /// Epochs between two estimates of gradient blending's weights.
    let every: Int

    init(_ reader: inout ConfigurationReader, _ around: PluginKind.Surroundings) {
        let path = "training.balance.method"
        method = reader.choice(path, .none, "What keeps one modality from starving the others.", records: around.modalities > 1)
        alpha = reader.double(
            "training.balance.alpha", 0.3, 0.001...100,
            "How hard ogm-ge slows a modality that is ahead: its gradients are scaled by 1 - tanh(alpha × its lead).",
            records: method == .ogmGE)
        every = reader.int(
            "training.balance.every", 1, 1...1_000_000,
            "Epochs from one estimate of gradient-blending's loss weights to the next.", records: method == .gradientBlending)
        reader.refuse(path, unless: around.modalities != 1 || method == .none, "acts only with two modalities or more")
        reader.refuse(
            path, unless: !around.fusion.hasOwnHeads || method == .none,
            "fusion.type: \(around.fusion.name) trains each modality by itself, so there is nothing to balance")
        reader.refuse("training.balance.alpha", unless: method == .ogmGE, "acts only with training.balance.method: ogm-ge")
        reader.refuse(
            "training.balance.every", unless: method == .gradientBlending,
            "acts only with training.balance.method: gradient-blending")
    }
}
