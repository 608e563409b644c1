internal import Torch

/// A way to tell labels from the standardised embeddings of one view, computed at once: what `fusion.classifier` names.
///
/// One more is a file with a type that conforms and its `ClassifierKind`, and a line in `ClassifierKind.registry`.
protocol EmbeddingClassifier: Sendable {
    /// The most landmarks of the kernel that each modality is also seen through; 0: there are no kernels.
    var landmarks: Int { get }

    /// Declares what is kept of a fit.
    ///
    /// - Parameters:
    ///   - scope: The view's and head's place in the model.
    ///   - size: D, the size of the view's embeddings.
    ///   - target: What the head predicts.
    func model(_ scope: Scope, size: Int, _ target: Target) throws -> any ViewModel

    /// Computes the values, and what fits without each fold say of the fold's rows.
    ///
    /// - Parameter earlier: What a fit on fewer of the rows chose, to be taken over; nil to choose anew.
    func fit(_ rows: ViewRows, like earlier: ViewChoice?) throws -> ViewFit
}

extension EmbeddingClassifier {
    var landmarks: Int { 0 }
}

/// What was chosen for a view, by name: `penalty`, `neighbours`.
typealias ViewChoice = [String: Double]

/// What a fit of one view and head came to.
struct ViewFit {
    /// Logits `[N, C]` of each row by a fit that has not seen it.
    let heldOut: Tensor
    /// The mean loss of the rows that are held out; nil where too few can be judged.
    let loss: Double?
    /// What was chosen, or found.
    let choice: ViewChoice
    /// What the view's model keeps, as its `adopt` takes it.
    let values: [Tensor]
}

/// What a model keeps of a view's fit, and what it says.
protocol ViewModel {
    /// Logits `[B, C]` of standardised embeddings `[B, D]`.
    func callAsFunction(_ x: Tensor) throws -> Tensor

    /// Takes the values of a fit; nil where there is none, so that every logit is 0.
    func adopt(_ values: [Tensor]?) throws
}

/// A classifier that configurations may name.
struct ClassifierKind: Registrable {
    static let noun = "a classifier"

    /// What `fusion.classifier` calls it.
    let name: String
    /// Where it is described.
    let paper: String
    /// The forms of labels that it can tell.
    let forms: Set<LabelForm>
    /// Reads its own keys, `fusion.….`, and gives the classifier.
    let read: @Sendable (inout ConfigurationReader) -> any EmbeddingClassifier

    init(
        _ name: String, paper: String, forms: Set<LabelForm> = [.classes],
        read: @escaping @Sendable (inout ConfigurationReader) -> any EmbeddingClassifier
    ) {
        (self.name, self.paper, self.forms, self.read) = (name, paper, forms, read)
    }

    /// Every classifier there is.
    static let registry = Registry<ClassifierKind>([.logistic, .prototype, .neighbours, .tipAdapter, .ridge, .discriminant])

    /// The key that names one.
    static let key = "fusion.classifier"

    /// Refuses one that cannot do what a head asks.
    static func check(_ reader: inout ConfigurationReader, _ heads: [HeadSettings]) {
        guard case .text(let name)? = reader.resolved.first(where: { $0.path == key })?.value, let kind = registry[name] else {
            return
        }
        for head in heads where !kind.forms.contains(head.kind.form) {
            let able = registry.all.filter { $0.forms.contains(head.kind.form) }.map(\.name).joined(separator: ", ")
            reader.fault("\(name) cannot tell what a \(head.kind) head asks; expected one of \(able)", key)
        }
    }
}
