/// Weights that others published and Braid loads, for the comments of a proposed configuration: a literal table.
///
/// Sizes are those of the files; licences are what the model cards and, for PANNs, the Zenodo record state.
enum PublishedWeights {
    private struct Row {
        let weights: String
        let megabytes: Int
        let licence: String
    }

    private static let hub: [Modality: [Row]] = [
        .image: [
            Row(weights: "timm/efficientnet_b0.ra_in1k", megabytes: 21, licence: "Apache-2.0"),
            Row(weights: "timm/resnet50.a1_in1k", megabytes: 102, licence: "Apache-2.0"),
            Row(weights: "timm/convnext_tiny.fb_in1k", megabytes: 114, licence: "Apache-2.0"),
        ],
        .text: [
            Row(weights: "sentence-transformers/all-mpnet-base-v2", megabytes: 438, licence: "Apache-2.0"),
            Row(weights: "google-bert/bert-base-uncased", megabytes: 440, licence: "Apache-2.0"),
        ],
    ]

    /// PANNs are not on the hub under their authors' name: they are a file to download.
    private static let panns = [
        "Larger, from zenodo.org/records/3987831, then written as {encoder: cnn14, weights: \"Cnn14_mAP=0.431.pth\"}:",
        "  Cnn14_mAP=0.431.pth, 327 MB, CC BY 4.0",
    ]

    /// Lines for `modality`; none where nothing is known.
    static func lines(for modality: Modality) -> [String] {
        if modality == .audio { return panns }
        guard let rows = hub[modality] else { return [] }
        let table = rows.map { "  \($0.weights), \($0.megabytes) MB, \($0.licence)" }
        return ["Larger, where huggingface.co can be reached, one of them instead:"] + table
    }
}
