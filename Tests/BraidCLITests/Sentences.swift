import TestSupport

extension TemporaryFolder {
    /// Writes `m.csv`, sixty sentences of two kinds, and `c.yaml` with an encoder that is drawn: trained in a second.
    func writeSentences() throws {
        let rows = (0..<60).map {
            "\($0),\($0 % 2 == 0 ? "a warm day of sun" : "a cold night of rain") \($0),\($0 % 2 == 0 ? "warm" : "cold")"
        }
        try write((["id,text,label"] + rows).joined(separator: "\n"), as: "m.csv")
        let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "warm", "day", "of", "sun", "cold", "night", "rain"]
        try write(words.joined(separator: "\n") + "\n", as: "tiny/vocab.txt")
        try write(
            """
            {"model_type": "bert", "vocab_size": 13, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 32, "max_position_embeddings": 32, "type_vocab_size": 2}
            """, as: "tiny/config.json")
        try write(
            """
            manifest: m.csv
            splits: {val: 0.2, test: 0.2}
            modalities: {text: {encoder: tiny, weights: random, train: all}}
            fusion: {type: concat}
            training: {epochs: 6, early_stopping: {patience: 2}}
            """, as: "c.yaml")
    }
}
