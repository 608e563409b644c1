internal import BraidSupport

/// The hub's no to a request, and what the user can do about it.
struct HubRefusal: Error {
    enum Kind {
        case repository
        case credentials
        case gated
        case revision
        case file
        case other
    }

    let kind: Kind
    let error: BraidError

    init(_ reply: HTTPReply, _ repository: HubRepository, file: String? = nil, environment: HubEnvironment) {
        let message = Self.line(reply["X-Error-Message"])
        kind = Self.kind(reply.status, code: reply["X-Error-Code"], message: message, file: file)
        let says = message.isEmpty ? "" : " The hub says: \(message)"
        let tokens = "https://huggingface.co/settings/tokens"
        let place = environment.endpoint.shown
        let text =
            switch kind {
            case .repository where environment.token == nil:
                "model \(repository.id): is not on \(place), or is private. Check the spelling; for a private model, set HF_TOKEN to a token that may read it (\(tokens))."
            case .repository:
                "model \(repository.id): is not on \(place), or the token in use (HF_TOKEN or the saved one) may not read it. Check the spelling and the token (\(tokens))."
            case .credentials:
                "model \(repository.id): \(place) does not accept the token in use (\(reply.status)). Set HF_TOKEN to a token that may read it (\(tokens))."
            case .gated:
                "model \(repository.id): is gated. Accept its licence at \(place)/\(repository.id), then set HF_TOKEN to a token of that account (\(tokens))."
            case .revision: "model \(repository.id): has no branch, tag or commit \(repository.revision) on \(place)."
            case .file: "model \(repository): has no file \(file ?? "") on \(place)."
            case .other: "model \(repository): the hub answered \(reply.status) to \(reply.url.shown)."
            }
        error = BraidError(kind == .other ? .unavailable : .noInput, text + says)
    }

    private static func kind(_ status: Int, code: String?, message: String, file: String?) -> Kind {
        switch (code, status) {
        case ("RepoNotFound", _): .repository
        case ("GatedRepo", _): .gated
        case ("RevisionNotFound", _): .revision
        case ("EntryNotFound", _): .file
        case (_, 401), (_, 403): .credentials
        case (_, 404): file == nil ? .repository : .file
        default: .other
        }
    }

    /// A server's words, fit for a terminal.
    private static func line(_ text: String?) -> String {
        String(
            (text ?? "").filter { character in character.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } }.prefix(
                300))
    }
}
