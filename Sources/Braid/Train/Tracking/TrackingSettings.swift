public import Foundation

/// Where a training's figures go besides the run folder.
public struct TrackingSettings: Sendable {
    /// How many test rows' fused embeddings are written for TensorBoard's projector; 0: none.
    public let projector: Int
    /// An MLflow server; nil: none is told.
    public let mlflow: URL?
    /// The experiment there.
    public let experiment: String

    /// Reads the keys of `tracking`.
    init(_ reader: inout ConfigurationReader) {
        projector = reader.int(
            "tracking.projector", 500, 0...10_000,
            "How many test rows' fused embeddings are written for TensorBoard's projector; 0: none. They are data about whoever the rows are of."
        )
        let address = reader.optionalString(
            "tracking.mlflow", "The address of an MLflow tracking server, for example http://127.0.0.1:5000, that figures go to.")
        mlflow = address.flatMap(URL.init(string:)).flatMap { ["http", "https"].contains($0.scheme) && $0.host != nil ? $0 : nil }
        experiment =
            reader.optionalString(
                "tracking.experiment", "The experiment on the MLflow server, which is made where there is none. Default: braid.")
            ?? "braid"
        if address != nil, mlflow == nil {
            reader.fault("expected an address that begins with http:// or https://", "tracking.mlflow")
        }
        if mlflow?.user != nil || mlflow?.password != nil {
            reader.fault(
                "names a user or a password, which config.yaml would pass on; set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, in the environment",
                "tracking.mlflow")
        }
        reader.refuse("tracking.experiment", unless: address != nil, "acts only with tracking.mlflow")
    }
}
