import Torch

@testable import Braid

private let models: [String: any TextModel.Type] = [
    "albert": Albert.self, "modernbert": ModernBert.self, "qwen3": Qwen3.self, "nomic_bert": NomicBert.self,
    "deberta-v2": Deberta.self,
]

/// A text encoder by its `model_type`, without a folder's front end.
func textEncoder(_ name: String, _ scope: Scope, _ config: JSONObject, _ pooling: TextPooling) throws -> any Encoder {
    if let kind = BertKind(rawValue: name) { return try Bert(scope, BertShape(config, kind), pooling: pooling) }
    if let model = models[name] { return try model.init(config).encoder(scope, pooling: pooling) }
    return try GPT2(scope, GPT2.Shape(config), pooling: pooling)
}
