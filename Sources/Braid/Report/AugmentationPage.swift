internal import Foundation

/// A sample as it is and as trainings see it, for a page to look at and listen to.
struct ShownSample {
    /// One modality: as it is, and then a draw each.
    struct Part {
        let modality: Modality
        let views: [View]
    }

    /// What is shown of a medium.
    enum View {
        /// The picture that an encoder takes.
        case picture(Image)
        /// A recording, and its spectrogram as the encoder takes it.
        case sound(AudioClip, spectrogram: Image)
        /// A text's words, what was left out struck through, and how many tokens the encoder takes.
        case words(before: String, after: String, tokens: Int)
    }

    let sample: Sample
    let parts: [Part]
}

/// The page of `braid show`: it needs nothing beside itself.
struct AugmentationPage {
    let title: String
    let subtitle: String
    /// What is done to each modality, in a line.
    let recipes: [(modality: Modality, summary: String)]
    let samples: [ShownSample]

    func html() throws -> String {
        let recipe = PageTable(
            "What is drawn for each modality", ["modality", "augmentation"], words: [1],
            recipes.map { [.init("\($0.modality)"), .init($0.summary)] })
        return Page.document(title, subtitle, [.init("What is drawn", recipe.markup)] + (try samples.map(section)))
    }

    private func section(_ shown: ShownSample) throws -> Page.Section {
        let labels = shown.sample.labels.sorted { $0.key < $1.key }.map(\.value).joined(separator: ", ")
        let heading = labels.isEmpty ? shown.sample.id : "\(shown.sample.id): \(labels)"
        let parts = try shown.parts.map { part in
            let views = try part.views.enumerated().map { number, view in
                let name = number == 0 ? "as it is" : "draw \(number)"
                return Markup.tag(
                    "figure", try body(view, "\(part.modality) of \(shown.sample.id), \(name)"),
                    .tag("figcaption", Markup(name + remark(view))))
            }
            return Markup.tag("div", ["class": "shown\(isWide(part) ? " wide" : "")"], views)
        }
        return .init(Shown.name(heading), parts.joined)
    }

    private func isWide(_ part: ShownSample.Part) -> Bool { if case .words = part.views.first { true } else { false } }

    private func body(_ view: ShownSample.View, _ name: String) throws -> Markup {
        switch view {
        case .picture(let image): return try picture(image, name)
        case .sound(let clip, let spectrogram):
            let sound = "data:audio/wav;base64,\(WAVFile.data(clip).base64EncodedString())"
            return try picture(spectrogram, "spectrogram of \(name)")
                + .tag("audio", ["controls": "", "preload": "none", "aria-label": name, "src": sound])
        case .words(let before, let after, _): return .tag("p", Self.marked(before, after))
        }
    }

    private func remark(_ view: ShownSample.View) -> String {
        switch view {
        case .picture: ""
        case .sound(let clip, _): String(format: ", %.2f s", Double(clip.samples.count) / Double(clip.rate))
        case .words(_, _, let tokens): ", \(counted(tokens, "token"))"
        }
    }

    private func picture(_ image: Image, _ name: String) throws -> Markup {
        .void(
            "img",
            [
                "class": "small", "alt": Shown.name(name),
                "src": "data:image/png;base64,\(try PNGFile.data(image).base64EncodedString())",
            ])
    }

    /// The words of both texts, those that were left out struck through, and those that are new underlined.
    static func marked(_ before: String, _ after: String) -> Markup {
        let (old, new) = (before.split(whereSeparator: \.isWhitespace), after.split(whereSeparator: \.isWhitespace))
        var (removed, added) = (Set<Int>(), Set<Int>())
        for change in new.difference(from: old) {
            switch change {
            case .remove(let offset, _, _): removed.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var words: [Markup] = []
        var next = 0
        for (place, word) in old.enumerated() {
            while added.contains(next) {
                words.append(.tag("ins", Markup(String(new[next]))))
                next += 1
            }
            words.append(removed.contains(place) ? .tag("s", Markup(String(word))) : Markup(String(word)))
            if !removed.contains(place) { next += 1 }
        }
        let all = words + new[min(next, new.count)...].map { .tag("ins", Markup(String($0))) }
        return Markup(trusted: all.map(\.source).joined(separator: " "))
    }
}
